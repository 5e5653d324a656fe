/** Pages of a search, in the order in which versions were posted. */
import { Prisma } from '../generated/client.ts';
import type { Tx } from '../postgres/transaction.ts';
import type { SeenObject } from '../content/objects.ts';
import { findFewIds } from './observables.ts';
import { isShown, quickConditions, slowConditions, type SearchConditions } from './conditions.ts';

// SQL, not the typed client: under row security and set-based.

/** A version that was found. */
export interface FoundObject extends SeenObject {
  /** The key of the order: it counts what others post, so it does not leave the server. */
  readonly id: number;
  /** Ids of the objects that the viewer sees and that say the same, where these are collapsed. */
  readonly duplicates: readonly string[];
}

export interface SearchPageRequest {
  readonly search: SearchConditions;
  readonly newest: boolean;
  /** One row for objects that look for the same. */
  readonly collapse: boolean;
  /** The id after which to continue, in the order. */
  readonly after: number;
  readonly limit: number;
}

/** No row follows those whose contents come to so many bytes. */
export const SEARCH_PAGE_BYTES = 8 * 1024 * 1024;
/** Ids of duplicates told of one row. */
const DUPLICATES_MAX = 100;

/** Before the first of all ids, in either order. */
export function startOf(newest: boolean): number {
  return newest ? Number.MAX_SAFE_INTEGER : 0;
}

/** How many ids search_ids gives at once. */
const IDS_MAX = 1000;

export interface FoundPage {
  readonly rows: readonly FoundObject[];
  /** The id after which to continue; undefined where nothing follows. */
  readonly next: number | undefined;
}

/** A page as the viewer sees it. `beforeEach` is called before each statement that may take long. */
export async function findPage(
  tx: Tx,
  request: SearchPageRequest,
  beforeEach: () => Promise<void>,
): Promise<FoundPage> {
  const { search, limit, newest } = request;
  const few = await findFewIds(tx, search);
  if (few !== undefined) {
    const left = few.filter((id) => (newest ? id < request.after : id > request.after));
    await beforeEach();
    return pageOf(await findRows(tx, { ...request, limit: limit + 1 }, left), limit);
  }
  const rows: FoundObject[] = [];
  let { after } = request;
  for (let more = true; more && rows.length <= limit;) {
    await beforeEach();
    const wanted = { ...request, after, limit: limit + 1 - rows.length };
    if (!usesIndex(search)) {
      rows.push(...(await findRows(tx, wanted, undefined)));
      break;
    }
    const ids = await findIds(tx, wanted, IDS_MAX);
    more = ids.length === IDS_MAX;
    after = ids.at(-1) ?? after;
    if (ids.length > 0) rows.push(...(await findRows(tx, wanted, ids)));
  }
  return pageOf(rows, limit);
}

/** As many rows as the limits let through, and where the next page begins. */
function pageOf(rows: readonly FoundObject[], limit: number): FoundPage {
  let bytes = 0;
  const end = rows.findIndex(({ content }, index) => {
    if (index >= limit || bytes >= SEARCH_PAGE_BYTES) return true;
    bytes += Buffer.byteLength(content);
    return false;
  });
  const page = end === -1 ? rows : rows.slice(0, end);
  return { rows: page, next: end === -1 ? undefined : page.at(-1)?.id };
}

/** Whether a filter asks for something that only search_term and search_text find. */
export function usesIndex({ terms, filter }: SearchConditions): boolean {
  return filter.text !== undefined || terms.some((group) => isIndexed(group));
}

/** As is_indexed_term in prisma/definitions. */
function isIndexed(group: readonly string[]): boolean {
  return !group.includes('pattern_type:stix');
}

/** The next ids by terms and texts, at most so many. */
export async function findIds(
  tx: Tx,
  { search, newest, after }: Pick<SearchPageRequest, 'search' | 'newest' | 'after'>,
  idsMax: number,
): Promise<number[]> {
  const groups = JSON.stringify(search.terms.filter((group) => isIndexed(group)));
  const texts = search.filter.text ?? [];
  const rows = await tx.$queryRaw<{ id: number }[]>`
    select id::float8 as id
    from search_ids(${groups}::jsonb, ${[...texts]}::text[], ${after}::bigint, ${newest}, ${idsMax}::integer) as id`;
  return rows.map(({ id }) => id);
}

function theseIds(ids: readonly number[]): Prisma.Sql {
  return Prisma.sql`
    select id from unnest(string_to_array(${ids.join(',')}, ',')::bigint[]) as id`;
}

/** The rows that satisfy the whole filter, among those with these ids, or all of version_posted. */
async function findRows(
  tx: Tx,
  request: SearchPageRequest,
  ids: readonly number[] | undefined,
): Promise<FoundObject[]> {
  const { newest, collapse } = request;
  if (newest && collapse) {
    const repeated = isRepeated(request.search);
    return tx.$queryRaw<FoundObject[]>(
      pageSql(request, ids, Prisma.sql`<`, Prisma.sql`desc`, repeated, duplicatesOf),
    );
  }
  if (collapse) {
    const repeated = isRepeated(request.search);
    return tx.$queryRaw<FoundObject[]>(
      pageSql(request, ids, Prisma.sql`>`, Prisma.sql`asc`, repeated, duplicatesOf),
    );
  }
  return newest
    ? tx.$queryRaw<FoundObject[]>(
        pageSql(request, ids, Prisma.sql`<`, Prisma.sql`desc`, Prisma.sql`false`, NO_DUPLICATES),
      )
    : tx.$queryRaw<FoundObject[]>(
        pageSql(request, ids, Prisma.sql`>`, Prisma.sql`asc`, Prisma.sql`false`, NO_DUPLICATES),
      );
}

/** The parts that differ are parameters, so that the tests of statements know every text there is. */
function pageSql(
  request: FoundRequest,
  ids: readonly number[] | undefined,
  comparison: Prisma.Sql,
  order: Prisma.Sql,
  isLeftOut: Prisma.Sql,
  duplicates: Prisma.Sql,
): Prisma.Sql {
  return Prisma.sql`
    with page as materialized (${foundSql(request, ids, comparison, order, isLeftOut)})
    select v.id::float8 as id, v.stix_id as "stixId", v.content, v.references_at as "referencesAt",
      v.level as tlp, (
        select (date_part('epoch', max(l.date_added)) * 1000000)::float8
        from log l where l.version_id = v.id) as "addedMicros",
      array(select distinct s.sharer from version_told s
        where s.realm_id = v.realm_id and s.stix_id = v.stix_id and not s.superseded
          and s.content_hash = v.content_hash and (s.modified = v.modified or is_unversioned(v.type))
          and s.sharer is not null order by 1) as sharers,
      ${duplicates} as duplicates
    from page v order by v.id ${order}`;
}

type FoundRequest = Pick<SearchPageRequest, 'search' | 'after' | 'limit'>;

/** The rows that satisfy the whole filter, in order: among those with these ids, or all of version_posted. */
export function foundSql(
  { search, after, limit }: FoundRequest,
  ids: readonly number[] | undefined,
  comparison: Prisma.Sql,
  order: Prisma.Sql,
  isLeftOut: Prisma.Sql,
): Prisma.Sql {
  return Prisma.sql`
    select v.*
    from (
        ${
          ids === undefined
            ? Prisma.sql`select v.id from version v
                where ${quickConditions(search)} and v.id ${comparison} ${after}::bigint`
            : theseIds(ids)
        }
        order by id ${order} offset 0
      ) as c
      join version_leveled v on v.id = c.id
      cross join lateral (select v.id, v.realm_id, v.content_key) as this
    where ${quickConditions(search)} and ${slowConditions(search)} and ${isShown}
      and not ${isLeftOut}
    order by c.id ${order} limit ${limit}::integer`;
}

const NO_DUPLICATES = Prisma.sql`'{}'::text[]`;

const duplicatesOf = Prisma.sql`array(
  select distinct d.stix_id from version d
  where d.realm_id = v.realm_id and d.content_key = v.content_key and not d.superseded
  order by 1 limit ${DUPLICATES_MAX + 1}::integer)`;

/** Whether a newer row says the same as `this` one and is found as well. Uses version_content_key. */
function isRepeated(search: SearchConditions): Prisma.Sql {
  return Prisma.sql`exists (
    select from version_leveled v
    where v.realm_id = this.realm_id and v.content_key = this.content_key and v.id > this.id
      and ${quickConditions(search)} and ${slowConditions(search)} and ${isShown}
    offset 0)`;
}
