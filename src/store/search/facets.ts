/** How often each value of a field occurs among what a search finds. */
import type { FacetField } from '../../search/answers.ts';
import { TLP_ORDER } from '../../stix/marking/tlp.ts';
import { Prisma } from '../generated/client.ts';
import type { Tx } from '../postgres/transaction.ts';
import type { SearchConditions } from './conditions.ts';
import { findFewIds } from './observables.ts';
import { findIds, foundSql, startOf, usesIndex } from './page.ts';

// SQL, not the typed client: under row security and set-based.

export interface FacetValue {
  readonly field: FacetField;
  readonly value: string;
  readonly count: number;
}

export interface Facets {
  /** The most frequent ones first. */
  readonly values: readonly FacetValue[];
  /** How many objects were counted. */
  readonly counted: number;
  /** Whether there are more, so that the counts are of the newest ones alone. */
  readonly more: boolean;
}

/** More objects are not counted. */
const COUNTED_MAX = 10_000;
/** Values of one field. */
const FACET_VALUES_MAX = 50;

interface FacetRow {
  readonly counted: number;
  readonly field: string | null;
  readonly value: string | null;
  readonly count: number | null;
}

/** Counts what the viewer sees of a search, newest first. */
export async function findFacets(
  tx: Tx,
  search: SearchConditions,
  fields: readonly FacetField[],
): Promise<Facets> {
  const request = { search, newest: true, after: startOf(true), limit: COUNTED_MAX + 1 };
  const few = await findFewIds(tx, search);
  const ids = few ?? (usesIndex(search) ? await findIds(tx, request, COUNTED_MAX + 1) : undefined);
  const rows = await countFacets(
    tx,
    foundSql(request, ids, NEWER, NEWEST, NOTHING),
    search,
    fields,
  );
  const counted = rows[0]?.counted ?? 0;
  const more = counted > COUNTED_MAX || (few === undefined && (ids?.length ?? 0) > COUNTED_MAX);
  const values = rows.flatMap(({ field, value, count }) =>
    field === null || value === null || count === null
      ? []
      : [{ field: field as FacetField, value: field === 'tlp' ? levelOf(value) : value, count }],
  );
  return { values, counted: Math.min(counted, COUNTED_MAX), more };
}

/** The name of a TLP rank. */
function levelOf(rank: string): string {
  return TLP_ORDER[Number(rank)] ?? 'red';
}

const NEWER = Prisma.sql`<`;
const NEWEST = Prisma.sql`desc`;
const NOTHING = Prisma.sql`false`;

async function countFacets(
  tx: Tx,
  found: Prisma.Sql,
  { now }: SearchConditions,
  fields: readonly FacetField[],
): Promise<FacetRow[]> {
  return tx.$queryRaw<FacetRow[]>`
    with found as materialized (${found}),
    counted as (
      select facet.field, facet.value, count(*)::integer as count,
        row_number() over (partition by facet.field order by count(*) desc, facet.value) as place
      from found v, lateral (
        select case split_part(term, ':', 1) when 'creator' then 'producer' when 'phase' then 'kill_chain_phase'
            else split_part(term, ':', 1) end as field,
          substring(term from '^[^:]*:(.*)$') as value
        from object_terms(v.type, v.created_by_ref, v.content::jsonb) as term
        union all select 'type', v.type where v.type = 'indicator'
        union all select 'tlp', v.level::text
        union all
        select 'state', case when v.revoked then 'revoked'
          when v.valid_until <= ${now}::timestamptz then 'expired' else 'active' end
        union all
        select distinct 'observable_type', o.kind from observable o where o.version_id = v.id and o.role < 3
      ) as facet
      where facet.field = any(${[...fields]}::text[])
      group by facet.field, facet.value
    )
    select (select count(*)::integer from found) as counted, c.field, c.value, c.count
    from (select) as always left join counted c on c.place <= ${FACET_VALUES_MAX}::integer
    order by c.field, c.place`;
}
