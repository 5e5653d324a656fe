import type { Tx } from '../postgres/transaction.ts';

// SQL, not the typed client: under row security and set-based.

/** Relationships that are followed from these objects. */
const RELATIONSHIPS_MAX = 10_000;

/**
 * The ids of the objects one relationship away from these: the other ends of the relationships that the
 * viewer sees. Whether it sees the objects is asked where they are read. Uses link_target.
 */
export async function findRelatedIds(tx: Tx, stixIds: readonly string[]): Promise<string[]> {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    select distinct other.target as id
    from (
        select l.version_id, l.target from link l
        where l.target = any(${[...stixIds]}::text[]) and l.property in ('source_ref', 'target_ref')
        order by l.version_id desc limit ${RELATIONSHIPS_MAX}::integer
      ) as near
      join version v on v.id = near.version_id and not v.superseded and not v.revoked
      join link other on other.version_id = v.id and other.target <> near.target
        and other.property in ('source_ref', 'target_ref')`;
  return rows.map(({ id }) => id);
}
