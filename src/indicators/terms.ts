/** What the policy knows when it examines the objects of a request. */
import type { Member } from '../sharing/member.ts';
import { PRODUCTION } from '../sharing/realm.ts';
import type { Exercise } from '../stix/exercise.ts';
import { namesOf } from '../stix/names.ts';
import { othersIdentities } from '../store/content/audiences.ts';
import type { Database } from '../store/postgres/database.ts';
import type { ChosenAudience } from './audience.ts';
import type { Posted } from './examine-all.ts';
import { OBJECT_CHARACTERS_MAX } from './examine.ts';
import type { Terms, UnknownTlp } from './judge.ts';
import { learnMarkings } from './markings.ts';

interface TermsInput {
  readonly member: Member;
  readonly audience: Pick<ChosenAudience, 'namesOrganisations'>;
  readonly unknownTlp: UnknownTlp;
  /** Undefined where nobody reads the warnings. */
  readonly now?: Date;
}

/** What a member may share, as far as these objects are concerned. */
export async function termsFor(
  db: Database,
  { objects, part }: Posted,
  { member, audience, unknownTlp, now }: TermsInput,
): Promise<Terms> {
  return {
    now,
    charactersMax: OBJECT_CHARACTERS_MAX,
    exercise: exerciseOf(member),
    defaultTlp: member.organisation.defaultTlp,
    unknownTlp,
    moreFollow: part?.moreFollow === true,
    meanings: await learnMarkings(db, member.viewer, objects, part?.markings),
    shareCeiling: member.shareCeiling,
    namesOrganisations: audience.namesOrganisations,
    othersIdentities: await foreignNames(db, member, objects),
  };
}

/** The identities of other members in whose names these values speak. */
export async function foreignNames(
  db: Database,
  { organisation }: Member,
  values: readonly unknown[],
): Promise<Set<string>> {
  const own = new Set(organisation.identities);
  const foreign = new Set<string>();
  for (const value of values) {
    if (typeof value !== 'object' || value === null) continue;
    for (const name of namesOf(value)) if (!own.has(name)) foreign.add(name);
  }
  return othersIdentities(db.server, organisation.id, [...foreign], { onlyMembers: true });
}

/** The exercise that a member is in; undefined in production. */
export function exerciseOf({ viewer, realm }: Member): Exercise | undefined {
  if (viewer.realmId === PRODUCTION) return undefined;
  return { realm: realm.slug, name: realm.name };
}
