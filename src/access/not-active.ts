import { Problem } from '../errors.ts';
import type { Organisation } from '../sharing/member.ts';
import { PRODUCTION_SLUG, type Realm } from '../sharing/realm.ts';

const BY_STATUS: Readonly<Record<string, string>> = {
  invited: 'is not active yet. An administrator of the server must activate it',
  suspended:
    'is suspended. It cannot share anything, and receives only withdrawals, until an administrator of ' +
    'the server activates it again',
  left: 'has left. An administrator of the server can activate it again',
};

/** Why an organisation takes no part now. Its own members and the operator may know. */
export function notActive({
  organisation: { slug, status },
  realm,
}: {
  readonly organisation: Organisation;
  readonly realm: Realm;
}): Problem {
  const where = realm.slug === PRODUCTION_SLUG ? '' : ` in ${realm.slug}`;
  const why = BY_STATUS[status] ?? `has no agreement in force${where}`;
  return new Problem('organisation_not_active', `The organisation ${slug} ${why}.`, {
    extra: { organisation_status: BY_STATUS[status] === undefined ? 'no_agreement' : status },
  });
}
