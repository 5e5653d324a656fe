/** How each field of a filter is called, in the parameters of a query and in text. */
import type { SearchField, SearchFilter } from './filter.ts';

type ListField = {
  [F in SearchField]: SearchFilter[F] extends unknown[] | undefined ? F : never;
}[SearchField];

/** Fields with several values, by the name of one value. `text` is a word of its own. */
export const LISTS = {
  type: 'types',
  pattern_type: 'pattern_types',
  observable_type: 'observable_types',
  value: 'values',
  in_network: 'in_networks',
  under_domain: 'under_domains',
  label: 'labels',
  indicator_type: 'indicator_types',
  kill_chain_phase: 'kill_chain_phases',
  technique: 'techniques',
  producer: 'producers',
  audience: 'audiences',
  tlp: 'tlp',
  state: 'states',
  related_to: 'related_to',
} as const satisfies Readonly<Record<string, ListField>>;

/** Shorter names in text, and names of what is the same here. */
const OTHER_NAMES: Readonly<Record<string, keyof typeof LISTS>> = {
  in: 'in_network',
  under: 'under_domain',
  phase: 'kill_chain_phase',
  creator: 'producer',
  community: 'audience',
  group: 'audience',
  related: 'related_to',
};

/** What is compared, with the fields that bound it from below and from above. */
const RANGES = {
  confidence: ['confidence_min', 'confidence_max'],
  posted: ['posted_since', 'posted_until'],
  modified: ['modified_since', 'modified_until'],
  valid: ['valid_since', 'valid_until'],
} as const satisfies Readonly<Record<string, readonly [SearchField, SearchField]>>;

/** Every name of a field in text. */
export const TEXT_NAMES: readonly string[] = [LISTS, OTHER_NAMES, RANGES].flatMap((names) =>
  Object.keys(names),
);

/** The list that a name in text means. */
export function listNamed(name: string): ListField | undefined {
  const field = Object.hasOwn(OTHER_NAMES, name) ? OTHER_NAMES[name] : name;
  return field !== undefined && isListName(field) ? LISTS[field] : undefined;
}

/** The fields that bound what a name in text means, from below and from above. */
export function rangeNamed(name: string): readonly [SearchField, SearchField] | undefined {
  return Object.hasOwn(RANGES, name) ? RANGES[name as keyof typeof RANGES] : undefined;
}

function isListName(name: string): name is keyof typeof LISTS {
  return Object.hasOwn(LISTS, name);
}
