/** What answers say besides the objects that a search finds. */

/** Fields that are counted. */
export const FACET_FIELDS = [
  'type',
  'label',
  'producer',
  'pattern_type',
  'indicator_type',
  'kill_chain_phase',
  'technique',
  'observable_type',
  'tlp',
  'state',
] as const;
export type FacetField = (typeof FACET_FIELDS)[number];

/** Why an object is related. */
export const RELATIONS = [
  'relationship',
  'names_it',
  'named_by_it',
  'same_observable',
  'same_pattern',
] as const;
