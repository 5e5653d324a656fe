/** What stands one step away from an object. */
import type { RELATIONS } from '../../search/answers.ts';
import type { Tx } from '../postgres/transaction.ts';

// SQL, not the typed client: under row security and set-based.

export interface Relation {
  /** The other object. */
  readonly stixId: string;
  readonly by: (typeof RELATIONS)[number];
  /** The id of the relationship, the property that names the one in the other, or the value of the observable. */
  readonly detail: string;
}

/** Objects that name another one, for each of them; and those that have an observable. */
const NAMING_MAX = 5000;
export const SAME_VALUE_MAX = 100;

/**
 * The relations of an object that the viewer sees; of one that it does not see, undefined. Each of the objects
 * may be hidden from it. Of one observable, one more than SAME_VALUE_MAX. Uses link_target, observable_key and
 * version_content_key.
 */
export async function findRelations(
  tx: Tx,
  realmId: number,
  stixId: string,
): Promise<Relation[] | undefined> {
  const selves = await tx.$queryRaw<{ id: number }[]>`
    select v.id::float8 as id from version v
    where v.realm_id = ${realmId}::smallint and v.stix_id = ${stixId} and not v.superseded`;
  if (selves.length === 0) return undefined;
  const ids = selves.map(({ id }) => id).join(',');
  const rows = await tx.$queryRaw<Relation[]>`
    with self as materialized (
      select unnest(string_to_array(${ids}, ',')::bigint[]) as id
    ), naming as materialized (
      select l.version_id, l.property from link l
      where l.target = ${stixId} order by l.version_id desc limit ${NAMING_MAX}::integer
    )
    select v.stix_id as "stixId", 'names_it' as by, n.property as detail
    from naming n join version v on v.id = n.version_id where not v.superseded
    union
    select l.target, 'named_by_it', l.property from self join link l on l.version_id = self.id
    union
    select other.target, 'relationship', v.stix_id
    from naming n join version v on v.id = n.version_id
      join link other on other.version_id = v.id and other.property in ('source_ref', 'target_ref')
    where n.property in ('source_ref', 'target_ref') and not v.superseded and not v.revoked
    union
    select v.stix_id, 'same_observable', o.value
    from self join observable o on o.version_id = self.id, lateral (
      select p.version_id from observable p where p.key = o.key and p.role < 3
      order by p.version_id desc limit ${SAME_VALUE_MAX + 1}::integer) as same
      join version v on v.id = same.version_id
    where o.role < 3
    union
    select d.stix_id, 'same_pattern', '' from self join version s on s.id = self.id
      join version d on d.realm_id = s.realm_id and d.content_key = s.content_key and not d.superseded`;
  return rows.filter((row) => row.stixId !== stixId);
}
