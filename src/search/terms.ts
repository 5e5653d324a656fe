/**
 * What a filter asks of the content of an object, as terms: short texts such as `label:c2`. The database draws
 * the same terms out of objects (object_terms in prisma/definitions).
 */
import type { SearchFilter } from './filter.ts';

/** Alternatives: an object has to have at least one of them. */
export type TermGroup = readonly string[];

type TermFilter = Pick<
  SearchFilter,
  'pattern_types' | 'labels' | 'indicator_types' | 'kill_chain_phases' | 'techniques'
>;

const PREFIXES = {
  labels: 'label:',
  pattern_types: 'pattern_type:',
  indicator_types: 'indicator_type:',
  kill_chain_phases: 'phase:',
  techniques: 'technique:',
} as const satisfies Readonly<Record<keyof TermFilter, string>>;

/**
 * The groups of a filter, each of which an object has to satisfy. `creators` are the identities of the
 * producers that the filter names.
 */
export function termsOf(filter: TermFilter, creators: readonly string[] | undefined): TermGroup[] {
  const groups = Object.entries(PREFIXES).flatMap(([field, prefix]) => {
    const values = filter[field as keyof TermFilter];
    return values === undefined ? [] : [values.map((value) => prefix + value)];
  });
  if (creators !== undefined) groups.push(creators.map((creator) => `creator:${creator}`));
  return groups;
}
