/**
 * What the markings of a STIX 2.0 observed-data say of the observables in its container (STIX 2.0
 * part 1 section 4.1): in 2.1 those are objects of their own, and each carries what applied to it.
 */
import { hashNameIn21, holdsHashes, nameIn21 } from './names.ts';
import { selects } from '../marking/selector.ts';

type Properties = Readonly<Record<string, unknown>>;

/** One member of the container, before and after lifting. */
export interface LiftedPart {
  /** Its key in the container. */
  readonly key: string;
  readonly object: Properties;
}

interface Granular {
  readonly marking_ref?: unknown;
  readonly lang?: unknown;
  readonly selectors: readonly string[];
}

const CONTAINER = 'objects';

/**
 * The parts with the markings of the observed-data: those of the whole object, and those of its
 * granular markings that select the part or something in it. Where a selector of 2.0 selects nothing
 * in 2.1, the marking applies to the whole part.
 */
export function markParts(observed: Properties, parts: readonly LiftedPart[]): Properties[] {
  const whole = listOf(observed['object_marking_refs']);
  const granular = granularOf(observed);
  return parts.map((part) => {
    const refs = new Set<unknown>(whole);
    const own: Granular[] = [];
    for (const marking of granular) {
      const paths = marking.selectors.flatMap((selector) => pathWithin(selector, part) ?? []);
      const kept = paths.filter((path) => path !== '' && selects(part.object, path));
      if (kept.length > 0) own.push({ ...marking, selectors: kept });
      if (kept.length < paths.length && marking.marking_ref !== undefined) {
        refs.add(marking.marking_ref);
      }
    }
    return {
      ...part.object,
      ...(refs.size > 0 && { object_marking_refs: [...refs] }),
      ...(own.length > 0 && { granular_markings: own }),
    };
  });
}

/**
 * The granular markings of the observed-data itself: what selected a part selects the reference to
 * it, because the id of an observable is made from its value.
 */
export function remarkContainer(
  observed: Properties,
  parts: readonly LiftedPart[],
  refs: readonly unknown[],
): Properties {
  const { granular_markings: given } = observed;
  if (!Array.isArray(given)) return observed;
  const indexes = new Map(parts.map(({ key, object }) => [key, refs.indexOf(object['id'])]));
  const moved = (selector: unknown): unknown => {
    if (typeof selector !== 'string') return selector;
    const [first, key] = selector.split('.');
    if (first !== CONTAINER) return selector;
    if (key === undefined) return 'object_refs';
    const index = indexes.get(key);
    return index === undefined ? selector : `object_refs.[${index}]`;
  };
  const granular = given.flatMap((marking: unknown) => {
    if (typeof marking !== 'object' || marking === null) return [marking];
    const { selectors, marking_ref: ref } = marking as Granular;
    if (!Array.isArray(selectors)) return [marking];
    // A language is one of the value, which a reference does not have.
    const isOfPart = (selector: unknown) => ref === undefined && moved(selector) !== selector;
    const own = selectors.filter((selector) => !isOfPart(selector)).map(moved);
    return own.length === 0 ? [] : [{ ...marking, selectors: [...new Set(own)] }];
  });
  const { granular_markings: _, ...rest } = observed;
  return granular.length === 0 ? rest : { ...rest, granular_markings: granular };
}

/** The path within the part that a selector selects, '' for the whole of it; undefined: not this part. */
function pathWithin(selector: string, { key, object }: LiftedPart): string | undefined {
  const [first, named, property, ...rest] = selector.split('.');
  if (first !== CONTAINER || (named !== undefined && named !== key)) return undefined;
  if (property === undefined) return '';
  const steps = [nameIn21(String(object['type']), property), ...rest];
  return steps
    .map((step, at) => (holdsHashes(steps[at - 1] ?? '') ? hashNameIn21(step) : step))
    .join('.');
}

function granularOf(observed: Properties): Granular[] {
  return listOf(observed['granular_markings']).filter(isGranular);
}

function isGranular(value: unknown): value is Granular {
  if (typeof value !== 'object' || value === null || !('selectors' in value)) return false;
  const { selectors } = value;
  return Array.isArray(selectors) && selectors.every((selector) => typeof selector === 'string');
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}
