import { Problem } from '../errors.ts';
import type { FacetField } from '../search/answers.ts';
import type { SearchFilter } from '../search/filter.ts';
import { termsOf } from '../search/terms.ts';
import type { Member } from '../sharing/member.ts';
import { findAudiences } from '../store/content/audiences.ts';
import type { Database } from '../store/postgres/database.ts';
import type { Tx } from '../store/postgres/transaction.ts';
import type { SearchConditions } from '../store/search/conditions.ts';
import { asSearcher } from '../store/search/deadline.ts';
import { findFacets, type Facets as FacetCounts } from '../store/search/facets.ts';
import { findIdentities } from '../store/search/names.ts';
import { findPage, startOf, type FoundPage } from '../store/search/page.ts';
import { catchUp } from '../store/search/progress.ts';
import { findRelatedIds } from '../store/search/related.ts';
import { metered } from './metered.ts';

export { SEARCH_PAGE_BYTES } from '../store/search/page.ts';

export interface SearchInput {
  readonly filter: SearchFilter;
  /** In the order in which objects were posted: the last ones first, or the first ones. */
  readonly newest: boolean;
  /** One row for re-issues, and for the same pattern by several members. */
  readonly collapse: boolean;
  /** Where the page before ended; undefined for the first one. */
  readonly after: number | undefined;
  readonly limit: number;
  readonly now: Date;
}

export interface SearchPage extends FoundPage {
  /** Whether all that was posted before is indexed for terms and texts. */
  readonly isComplete: boolean;
}

/** Rows of the log that a search indexes before it looks; more of them are found later. */
const INDEXED_MAX = 1000;

/**
 * The objects that satisfy a filter, as far as the member sees them. What was posted before a search for
 * terms or texts began is found by it, unless thousands of objects were posted in the seconds before.
 * Throws Problem audience_unknown or search_too_broad.
 */
export const searchObjects = metered<SearchInput, SearchPage>(
  'search',
  async (db, member, { filter, newest, collapse, after, limit, now }) => {
    const known = await lookUp(db, member, filter, now);
    const isComplete = await catchUp(db, INDEXED_MAX);
    const page = await asSearcher(db, member.viewer, async (tx, beforeEach) => {
      await beforeEach();
      const search = await withRelated(tx, known);
      const start = after ?? startOf(newest);
      return findPage(tx, { search, newest, collapse, after: start, limit }, beforeEach);
    });
    return { ...page, isComplete };
  },
  ({ rows }) => ({ objects: rows.length }),
);

export interface FacetsInput {
  readonly filter: SearchFilter;
  readonly fields: readonly FacetField[];
  readonly now: Date;
}

export interface Facets extends FacetCounts {
  /** Whether all that was posted before is indexed for terms and texts. */
  readonly isComplete: boolean;
}

/** Counting costs a member as much of its quota as so many objects at most: it gives none of them. */
const FACETS_COST = 100;

/**
 * How often each value of some fields occurs among the newest 10,000 objects that satisfy a filter, as far
 * as the member sees them. Throws Problem audience_unknown or search_too_broad.
 */
export const countFacets = metered<FacetsInput, Facets>(
  'facets',
  async (db, member, { filter, fields, now }) => {
    const known = await lookUp(db, member, filter, now);
    const isComplete = await catchUp(db, INDEXED_MAX);
    const counts = await asSearcher(db, member.viewer, async (tx, beforeEach) => {
      await beforeEach();
      return findFacets(tx, await withRelated(tx, known), fields);
    });
    return { ...counts, isComplete };
  },
  ({ counted }) => ({ objects: Math.min(counted, FACETS_COST) }),
);

/** The names of a filter, looked up; `relatedIds` follow in the transaction. */
async function lookUp(
  db: Database,
  member: Member,
  filter: SearchFilter,
  now: Date,
): Promise<SearchConditions> {
  const { producers, audiences } = filter;
  const isIdentity = (name: string): boolean => name.startsWith('identity--');
  const creators = producers && [
    ...producers.filter(isIdentity),
    ...(await findIdentities(
      db,
      producers.filter((name) => !isIdentity(name)),
    )),
  ];
  return {
    realmId: member.viewer.realmId,
    filter,
    terms: termsOf(filter, creators),
    audienceIds: audiences && (await ownAudiences(db, member, audiences)),
    now: now.toISOString(),
  };
}

/** The ids of the communities and groups that the member is in. Others are unknown to it. */
async function ownAudiences(
  db: Database,
  { viewer }: Member,
  slugs: readonly string[],
): Promise<number[]> {
  const found = await findAudiences(db, viewer.realmId, slugs);
  const own = found.filter(
    ({ id, kind }) => kind !== 'organisation' && viewer.audiences.includes(id),
  );
  const known = new Set(own.map(({ slug }) => slug));
  const unknown = slugs.filter((slug) => !known.has(slug));
  if (unknown.length === 0) return own.map(({ id }) => id);
  throw new Problem(
    'audience_unknown',
    `Unknown audience: ${unknown.join(', ')}. Name communities and sharing groups that your organisation is in`,
    { path: 'audience' },
  );
}

async function withRelated(tx: Tx, search: SearchConditions): Promise<SearchConditions> {
  const { related_to: ids } = search.filter;
  if (ids === undefined) return search;
  return { ...search, relatedIds: await findRelatedIds(tx, ids) };
}
