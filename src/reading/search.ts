import { Problem } from '../errors.ts';
import type { SearchFilter } from '../search/filter.ts';
import { tooBroad } from '../search/limits.ts';
import { termsOf } from '../search/terms.ts';
import type { Member } from '../sharing/member.ts';
import type { Viewer } from '../sharing/viewer.ts';
import { findAudiences } from '../store/content/audiences.ts';
import type { Database } from '../store/postgres/database.ts';
import { asViewer, type Tx } from '../store/postgres/transaction.ts';
import type { SearchConditions } from '../store/search/conditions.ts';
import { isTimeout, limitTime } from '../store/search/deadline.ts';
import { findIdentities } from '../store/search/names.ts';
import { findPage, startOf, type FoundPage } from '../store/search/page.ts';
import { advanceSearchIndex } from '../store/search/progress.ts';
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

/** A search holds a connection no longer. */
const SECONDS_MAX = 5;
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
    const behind = await advanceSearchIndex(db, INDEXED_MAX);
    const page = await withinTime(db, member.viewer, async (tx, beforeEach) => {
      await beforeEach();
      const search = await withRelated(tx, known);
      const start = after ?? startOf(newest);
      return findPage(tx, { search, newest, collapse, after: start, limit }, beforeEach);
    });
    return { ...page, isComplete: behind === 0 };
  },
  ({ rows }) => ({ objects: rows.length }),
);

/** As a viewer, within SECONDS_MAX. Throws Problem search_too_broad. */
async function withinTime<T>(
  db: Database,
  viewer: Viewer,
  work: (tx: Tx, beforeEach: () => Promise<void>) => Promise<T>,
): Promise<T> {
  try {
    return await asViewer(db, viewer, (tx) => work(tx, limitTime(tx, SECONDS_MAX * 1000)));
  } catch (error) {
    if (!isTimeout(error)) throw error;
    throw tooBroad(SECONDS_MAX, error);
  }
}

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
