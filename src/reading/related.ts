import { Problem } from '../errors.ts';
import { findPage, startOf, type FoundObject } from '../store/search/page.ts';
import { asSearcher } from '../store/search/deadline.ts';
import { findRelations, SAME_VALUE_MAX, type Relation } from '../store/search/relations.ts';
import { metered } from './metered.ts';

export interface RelatedInput {
  readonly stixId: string;
  readonly after: number | undefined;
  readonly limit: number;
  readonly now: Date;
}

export interface RelatedPage {
  readonly rows: readonly (FoundObject & { readonly relations: readonly Relation[] })[];
  readonly next: number | undefined;
  /** Values of observables that more other objects have than are listed. */
  readonly capped: readonly string[];
}

/**
 * The objects one step away from an object, newest first, as far as the member sees each of them, with why.
 * Throws Problem not_found, in the same words for an object that nobody has, or search_too_broad.
 */
export const readRelated = metered<RelatedInput, RelatedPage>(
  'related',
  async (db, { viewer }, { stixId, after, limit, now }) => {
    const { realmId } = viewer;
    return asSearcher(db, viewer, async (tx, beforeEach) => {
      await beforeEach();
      const relations = await findRelations(tx, realmId, stixId);
      if (relations === undefined) throw new Problem('not_found', 'Object not found');
      const byId = Map.groupBy(relations, (relation) => relation.stixId);
      const relatedIds = [...byId.keys()];
      const search = { realmId, filter: {}, terms: [], relatedIds, now: now.toISOString() };
      const start = after ?? startOf(true);
      const request = { search, newest: true, collapse: false, after: start, limit };
      const { rows, next } = await findPage(tx, request, beforeEach);
      const found = rows.map((row) => ({ ...row, relations: byId.get(row.stixId) ?? [] }));
      return { rows: found, next, capped: cappedIn(relations) };
    });
  },
  ({ rows }) => ({ objects: rows.length }),
);

function cappedIn(relations: readonly Relation[]): string[] {
  const same = relations.filter(({ by }) => by === 'same_observable');
  const byValue = Map.groupBy(same, ({ detail }) => detail);
  return [...byValue].flatMap(([value, all]) => (all.length > SAME_VALUE_MAX ? [value] : []));
}
