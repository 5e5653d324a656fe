/** Marking definitions that an organisation shared before. */
import type { Tx } from '../postgres/transaction.ts';
import type { Share } from './versions.ts';

// SQL, not the typed client: under row security and set-based, at the rate of objects.

export interface StoredMarking {
  readonly stixId: string;
  /** The definition as JSON; null for one that is longer than any that states a level. */
  readonly content: string | null;
}

/** Ids of one statement. */
const IDS_MAX = 1000;
const CHARACTERS_MAX = 8 * 1024;
const WELL_FORMED = /^marking-definition--[0-9a-f-]{36}$/;

/**
 * The current definitions that the viewer's own organisation shares under these ids, which are in lower
 * case; a definition may have its UUID in either case. Uses version_current.
 */
export async function* findOwnMarkings(
  tx: Tx,
  { realmId, organisationId }: Pick<Share, 'realmId' | 'organisationId'>,
  ids: Iterable<string>,
): AsyncGenerator<StoredMarking> {
  const wanted = [...ids].filter((id) => WELL_FORMED.test(id)).flatMap(inBothCases);
  for (let start = 0; start < wanted.length; start += IDS_MAX) {
    const some = wanted.slice(start, start + IDS_MAX).join(',');
    // The list as one text: no id holds a comma, and Prisma takes arrays apart one by one.
    yield* await tx.$queryRaw<StoredMarking[]>`
      select v.stix_id as "stixId",
        case when length(v.content) <= ${CHARACTERS_MAX} then v.content end as content
      from unnest(string_to_array(${some}, ',')) as wanted (stix_id)
        cross join lateral (
          select * from version v
          where v.realm_id = ${realmId}::smallint and v.organisation_id = ${organisationId}
            and v.stix_id = wanted.stix_id and not v.superseded
          limit 1) as v`;
  }
}

function inBothCases(id: string): string[] {
  const [type = '', uuid = ''] = id.split('--');
  const upper = `${type}--${uuid.toUpperCase()}`;
  return upper === id ? [id] : [id, upper];
}
