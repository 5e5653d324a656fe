import type { Services } from '../context.ts';
import type { Door } from '../door.ts';
import { PROBLEM_JSON } from '../errors/problem-json.ts';
import { agreements } from './agreements.ts';
import { audiences } from './audiences.ts';
import { audit } from './audit.ts';
import { takeBodies } from './body/parsers.ts';
import { problemOfBody } from './body/problems.ts';
import { bundles } from './bundles.ts';
import { changes } from './changes.ts';
import { communities } from './communities.ts';
import { history } from './objects/history.ts';
import { indicators } from './indicators.ts';
import { invitations } from './invitations.ts';
import { keys } from './keys.ts';
import { logos } from './logos.ts';
import { lookup } from './lookup/lookup.ts';
import { me } from './me.ts';
import { notices } from './notices.ts';
import { objectActs } from './objects/acts.ts';
import { objects } from './objects/objects.ts';
import { organisations } from './organisations.ts';
import { quotas } from './quotas.ts';
import { realms } from './realms.ts';
import { ownAccount } from './own-account.ts';
import { facets } from './search/facets.ts';
import { related } from './search/related.ts';
import { searches } from './search/search.ts';
import { sessions } from './sessions.ts';
import { shares } from './shares.ts';
import { sharingGroups } from './sharing-groups.ts';
import { singleSignOn } from './single-sign-on.ts';
import { stream } from './stream.ts';
import { subscriptionActs } from './subscriptions/acts.ts';
import { subscriptions } from './subscriptions/subscriptions.ts';
import { userAccounts } from './user-accounts.ts';
import { users } from './users.ts';
import { takeNothingElse } from '../validation/left-out.ts';
import { validations } from './validate.ts';
import { values } from './values.ts';

/** A noun a line. */
const NOUNS = [
  bundles,
  values,
  indicators,
  validations,
  objects,
  lookup,
  objectActs,
  audiences,
  shares,
  history,
  searches,
  facets,
  related,
  changes,
  stream,
  subscriptions,
  subscriptionActs,
  organisations,
  logos,
  quotas,
  agreements,
  communities,
  sharingGroups,
  keys,
  notices,
  realms,
  users,
  userAccounts,
  invitations,
  sessions,
  singleSignOn,
  audit,
  me,
  ownAccount,
];

/** The REST door: everything under /api/v1. */
export function restDoor(services: Services): Door {
  return {
    prefix: '/api/v1',
    errors: { ...PROBLEM_JSON, problemOfBody },
    open: async (scope) => {
      takeBodies(scope, services);
      scope.addHook('onRoute', takeNothingElse);
      for (const noun of NOUNS) await scope.register(noun, { services });
    },
  };
}
