/** What an organisation itself shares at present, for later versions of it. */
import type { Tx } from '../postgres/transaction.ts';
import type { Share } from './versions.ts';

// SQL, not the typed client: under row security and set-based, at the rate of objects.

/** The current version of an object. */
export interface OwnContent {
  readonly stixId: string;
  /** A comparable timestamp. */
  readonly modified: string;
  readonly created: string | null;
  /** The object as JSON; null for one that is longer than what its reader compares. */
  readonly content: string | null;
}

const CHARACTERS_MAX = 128 * 1024;

/** The current versions that the viewer's own organisation shares under these ids. Uses version_current. */
export async function findOwnContents(
  tx: Tx,
  { realmId, organisationId }: Pick<Share, 'realmId' | 'organisationId'>,
  ids: Iterable<string>,
): Promise<OwnContent[]> {
  // The list as one text: no id holds a comma, and Prisma takes arrays apart one by one.
  const wanted = [...new Set(ids)].join(',');
  return tx.$queryRaw<OwnContent[]>`
    select v.stix_id as "stixId",
      to_char(v.modified at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as modified,
      case when length(v.content) > ${CHARACTERS_MAX} then v.content::json ->> 'created' end as created,
      case when length(v.content) <= ${CHARACTERS_MAX} then v.content end as content
    from unnest(string_to_array(${wanted}, ',')) as wanted (stix_id)
      cross join lateral (
        select * from version v
        where v.realm_id = ${realmId}::smallint and v.organisation_id = ${organisationId}
          and v.stix_id = wanted.stix_id and not v.superseded
        limit 1) as v`;
}
