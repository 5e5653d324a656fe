/** Versions that have a value, or one in a network or under a domain. */
import type { SearchFilter } from '../../search/filter.ts';
import { valueKey } from '../../stix/value/key.ts';
import { recognise } from '../../stix/value/recognise.ts';
import { Prisma } from '../generated/client.ts';
import { all } from '../postgres/conditions.ts';
import type { Tx } from '../postgres/transaction.ts';

// SQL, not the typed client: under row security and set-based.

/** Whether a row `v` of version has such an observable; what a pattern excludes does not count. */
export function hasObservables(filter: SearchFilter): Prisma.Sql {
  return all(
    filter.values === undefined
      ? undefined
      : Prisma.sql`exists (select from observable o where o.version_id = v.id and ${isOneOf(filter.values)})`,
    filter.in_networks === undefined
      ? undefined
      : Prisma.sql`exists (
          select from observable o where o.version_id = v.id and ${isWithin(filter.in_networks)})`,
    filter.under_domains === undefined
      ? undefined
      : Prisma.sql`exists (
          select from observable o where o.version_id = v.id and ${isUnder(filter.under_domains)})`,
    filter.observable_types === undefined
      ? undefined
      : Prisma.sql`exists (
          select from observable o where o.version_id = v.id and o.role < 3
            and o.kind = any(${[...filter.observable_types]}::text[]))`,
  );
}

function isOneOf(values: readonly string[]): Prisma.Sql {
  return Prisma.sql`o.key = any(${values.flatMap((value) => keyOf(value) ?? [])}::text[]::uuid[]) and o.role < 3`;
}

function keyOf(value: string): string | undefined {
  const known = recognise(value);
  return known && valueKey(known.kind, known.value);
}

/** Compared, not asked for containment: row security lets an index be used for comparisons only. */
function isWithin(networks: readonly string[]): Prisma.Sql {
  return Prisma.sql`o.role < 3 and exists (
    select from unnest(${[...networks]}::text[]::inet[]) as network
    where o.address >= network and o.address <= host(broadcast(network))::inet)`;
}

function isUnder(domains: readonly string[]): Prisma.Sql {
  return Prisma.sql`o.role < 3 and exists (
    select from unnest(${domains.map(reversed)}::text[]) as top
    where o.domain >= top collate "C" and o.domain < rtrim(top, '.') || '/')`;
}

/** `com.example.`, with which all names under it begin (stix/value/place.ts). */
function reversed(domain: string): string {
  return `${domain.split('.').toReversed().join('.')}.`;
}

/** More ids are not listed: then the order of versions finds enough soon. */
const FEW_MAX = 5000;

/**
 * The ids of all versions, whatever else the filter asks for, that have one of its observables or are one of the
 * related objects; undefined where it asks for neither, or where there are too many of them.
 */
export async function findFewIds(
  tx: Tx,
  { filter, realmId, relatedIds }: FewRequest,
): Promise<number[] | undefined> {
  if (relatedIds !== undefined) return idsOf(await findRelated(tx, realmId, relatedIds));
  if (filter.values !== undefined) return idsOf(await findValues(tx, filter.values));
  if (filter.under_domains !== undefined) return idsOf(await findUnder(tx, filter.under_domains));
  if (filter.in_networks !== undefined) return idsOf(await findWithin(tx, filter.in_networks));
  return undefined;
}

interface FewRequest {
  readonly realmId: number;
  readonly filter: SearchFilter;
  readonly relatedIds?: readonly string[] | undefined;
}

interface IdRow {
  readonly id: number;
}

function idsOf(rows: readonly IdRow[]): number[] | undefined {
  return rows.length > FEW_MAX ? undefined : rows.map(({ id }) => id);
}

function findRelated(tx: Tx, realmId: number, stixIds: readonly string[]): Promise<IdRow[]> {
  return tx.$queryRaw<IdRow[]>`
    select v.id::float8 as id from version v
    where v.realm_id = ${realmId}::smallint and v.stix_id = any(${[...stixIds]}::text[])
      and not v.superseded limit ${FEW_MAX + 1}::integer`;
}

function findValues(tx: Tx, values: readonly string[]): Promise<IdRow[]> {
  return tx.$queryRaw<IdRow[]>`
    select distinct o.version_id::float8 as id from observable o
    where ${isOneOf(values)} limit ${FEW_MAX + 1}::integer`;
}

function findUnder(tx: Tx, domains: readonly string[]): Promise<IdRow[]> {
  return tx.$queryRaw<IdRow[]>`
    select distinct found.id from unnest(${domains.map(reversed)}::text[]) as top, lateral (
      select o.version_id::float8 as id from observable o
      where o.domain >= top collate "C" and o.domain < rtrim(top, '.') || '/' and o.role < 3
      limit ${FEW_MAX + 1}::integer) as found`;
}

function findWithin(tx: Tx, networks: readonly string[]): Promise<IdRow[]> {
  return tx.$queryRaw<IdRow[]>`
    select distinct found.id from unnest(${[...networks]}::text[]::inet[]) as network, lateral (
      select o.version_id::float8 as id from observable o
      where o.address >= network and o.address <= host(broadcast(network))::inet and o.role < 3
      limit ${FEW_MAX + 1}::integer) as found`;
}
