/**
 * Lifts STIX 2.0 to 2.1: what changed between the two in the properties of single objects (STIX 2.1
 * section 1.3 and the conversion that 2.0 producers mean), and ids that 2.0 observables lack.
 */
import type { Finding } from '../check/finding.ts';
import { liftObservedData } from './observed-data.ts';
import { liftPattern } from './pattern.ts';
import { SCO_TYPES } from '../object.ts';
import { OBJECT_TYPES } from '../schema/registry.ts';
import { scoIdOf } from '../sco-id.ts';
import { drained, type Steps } from '../steps.ts';
import { OPEN_VOCABULARIES } from '../vocabulary.ts';

type Properties = Readonly<Record<string, unknown>>;

export interface Lifted {
  /** The objects in their order; those of 2.1 are the very ones given. */
  readonly objects: readonly unknown[];
  /** For each of them, the place among those given: one of 2.0 may become several. */
  readonly origins: readonly number[];
  /** For each of them, whether it was taken out of a container, which then stands before it. */
  readonly parts: readonly boolean[];
  /** What was done to which of the objects given, for the answer. */
  readonly notes: readonly (Finding & { readonly index: number })[];
}

/**
 * Lifts what is STIX 2.0 among the objects of a bundle, and gives cyber-observable objects without
 * an id their deterministic one. Objects that need neither are passed through untouched.
 * @param bundleVersion the bundle's own `spec_version`, which only STIX 2.0 has
 */
export function liftObjects(objects: readonly unknown[], bundleVersion?: string): Lifted {
  return drained(liftSteps(objects, bundleVersion));
}

/** As liftObjects does, an object a step. */
export function* liftSteps(objects: readonly unknown[], bundleVersion?: string): Steps<Lifted> {
  const notes: (Finding & { index: number })[] = [];
  const lifted: unknown[] = [];
  const origins: number[] = [];
  const parts: boolean[] = [];
  for (const [index, object] of objects.entries()) {
    const { note, made } = liftOne(object, bundleVersion);
    if (note) notes.push({ ...note, index });
    for (const [place, one] of made.entries()) {
      lifted.push(one);
      origins.push(index);
      parts.push(place > 0);
    }
    yield undefined;
  }
  return { objects: lifted, origins, parts, notes };
}

function liftOne(object: unknown, bundleVersion: string | undefined): LiftedOne {
  if (needsScoId(object)) {
    const id = scoIdOf(object);
    if (id === undefined) return { made: [object] };
    const detail = `got the deterministic id ${id}`;
    const note = { code: 'id_computed', path: '$.id', detail, clause: 'STIX 2.1 section 2.9' };
    return { note, made: [{ type: object['type'], id, ...object }] };
  }
  if (!isVersion20(object, bundleVersion)) return { made: [object] };
  const detail = 'converted from STIX 2.0 to STIX 2.1';
  const note = { code: 'lifted_from_2_0', path: '$', detail, clause: 'STIX 2.1 section 1.3' };
  return { note, made: liftObject(object) };
}

interface LiftedOne {
  readonly note?: Finding;
  readonly made: readonly unknown[];
}

function needsScoId(object: unknown): object is Properties {
  if (!isObject(object)) return false;
  return object.id === undefined && typeof object.type === 'string' && SCO_TYPES.has(object.type);
}

/** Properties that only STIX 2.1 knows: an object that has one and no spec_version is in error. */
const NEW_IN_21 = [
  'pattern_type',
  'indicator_types',
  'malware_types',
  'is_family',
  'report_types',
  'threat_actor_types',
  'tool_types',
  'confidence',
  'lang',
  'extensions',
];

/** Before 2.1 objects had no version: the bundle says 2.0, or nothing in them is new in 2.1. */
function isVersion20(object: unknown, bundleVersion: string | undefined): object is Properties {
  if (!isObject(object) || typeof object.type !== 'string') return false;
  if (object.spec_version === '2.0') return true;
  if (object.spec_version !== undefined) return false;
  const isOld = bundleVersion === '2.0';
  const { type } = object;
  if (!TYPES_OF_20.has(type) && !isCustomOf20(object, type, isOld)) return false;
  return isOld || !NEW_IN_21.some((name) => object[name] !== undefined);
}

/**
 * STIX 2.0 part 1, section 7.2: a custom type, with versions as all objects of 2.0 have them. Without a
 * bundle that says 2.0, only the prefix `x-` tells a custom type from a misspelt one.
 */
function isCustomOf20(object: Properties, type: string, isOldBundle: boolean): boolean {
  if (object.created === undefined || object.modified === undefined) return false;
  return isOldBundle ? !OBJECT_TYPES.has(type) : type.startsWith('x-');
}

function isObject(value: unknown): value is Properties {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const TYPES_OF_20: ReadonlySet<string> = new Set([
  'attack-pattern',
  'campaign',
  'course-of-action',
  'identity',
  'indicator',
  'intrusion-set',
  'malware',
  'marking-definition',
  'observed-data',
  'relationship',
  'report',
  'sighting',
  'threat-actor',
  'tool',
  'vulnerability',
]);

/** The property of 2.1 for what the required labels of 2.0 say. */
const TYPES_PROPERTY: Readonly<Record<string, string>> = {
  malware: 'malware_types',
  report: 'report_types',
  'threat-actor': 'threat_actor_types',
  tool: 'tool_types',
};

function liftObject(object: Properties): Properties[] {
  const { type, id } = object;
  const base: Record<string, unknown> = { type, spec_version: '2.1', id, ...object };
  base['spec_version'] = '2.1';
  switch (type) {
    case 'indicator':
      return [liftIndicator(base)];
    case 'malware':
      // 2.0 describes malware by name and without samples: a family.
      return [{ ...labelsTo('malware_types', base), is_family: base['is_family'] ?? true }];
    case 'observed-data':
      return liftObservedData(base);
    default: {
      const property = TYPES_PROPERTY[String(type)];
      return [property === undefined ? base : labelsTo(property, base)];
    }
  }
}

function liftIndicator(indicator: Properties): Properties {
  const { pattern } = indicator;
  const lifted = labelsTo('indicator_types', indicator);
  lifted['pattern_type'] ??= 'stix';
  if (lifted['pattern_type'] === 'stix' && typeof pattern === 'string') {
    lifted['pattern'] = liftPattern(pattern);
  }
  return lifted;
}

/**
 * In 2.0 labels say the type. Those in the open vocabulary of 2.1 become the types property; labels
 * keep them all, since producers also use labels of their own.
 */
function labelsTo(property: string, object: Properties): Record<string, unknown> {
  const { labels, type } = object;
  const vocabulary = OPEN_VOCABULARIES[String(type)]?.[property] ?? [];
  if (!Array.isArray(labels) || object[property] !== undefined) return { ...object };
  const types = new Set(
    labels.filter((label: unknown) => typeof label === 'string' && vocabulary.includes(label)),
  );
  return types.size === 0 ? { ...object } : { ...object, [property]: [...types] };
}
