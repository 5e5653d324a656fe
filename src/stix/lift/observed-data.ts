/**
 * The observable container of STIX 2.0 (part 4) as cyber-observable objects of 2.1 (section 6), with
 * deterministic ids and with references by id in place of the container's keys.
 */
import { isIdentifier } from '../identifier.ts';
import { markParts, remarkContainer, type LiftedPart } from './markings.ts';
import { dictionaryIn21, hashNameIn21, holdsHashes, isFreeDictionary, nameIn21 } from './names.ts';
import { randomIdFrom, scoIdOf } from '../sco-id.ts';

/** How long a chain of references from object to object may be. */
const REFERENCE_DEPTH_MAX = 64;

type Properties = Readonly<Record<string, unknown>>;

/**
 * The observed-data object with `object_refs`, and the objects it refers to, with its markings. One
 * whose container cannot be taken apart (references to nowhere, in a circle, no types) stays as it is.
 */
export function liftObservedData(observed: Properties): Properties[] {
  const container = observed['objects'];
  if (typeof container !== 'object' || container === null) return [observed];
  const lifter = new ContainerLifter(container as Readonly<Record<string, unknown>>, observed);
  const parts = lifter.lift();
  if (!parts) return [observed];
  // Two keys may hold the same observable: it is one object, with the markings of both.
  const byId = Map.groupBy(markParts(observed, parts), (object) => object['id']);
  const refs = [...byId.keys()];
  const { objects: _container, ...rest } = remarkContainer(observed, parts, refs);
  return [{ ...rest, object_refs: refs }, ...[...byId.values()].map(mergeMarkings)];
}

function mergeMarkings(same: readonly Properties[]): Properties {
  const merged: Record<string, unknown> = { ...same.at(-1) };
  for (const name of ['object_marking_refs', 'granular_markings']) {
    const all = new Set(same.flatMap((object) => (object[name] as unknown[] | undefined) ?? []));
    if (all.size > 0) merged[name] = [...all];
  }
  return merged;
}

class ContainerLifter {
  private readonly container: Readonly<Record<string, unknown>>;
  private readonly seed: string;
  private depth = 0;
  /** By the container's key; undefined while an object is under way. */
  private readonly lifted = new Map<string, Properties | undefined>();

  constructor(container: Readonly<Record<string, unknown>>, observed: Properties) {
    this.container = container;
    this.seed = String(observed['id']);
  }

  /** The objects in the container's order; undefined when it cannot be done. */
  lift(): LiftedPart[] | undefined {
    const keys = Object.keys(this.container);
    if (keys.length === 0) return undefined;
    const parts: LiftedPart[] = [];
    for (const key of keys) {
      const object = this.objectAt(key);
      if (!object) return undefined;
      parts.push({ key, object });
    }
    return parts;
  }

  private objectAt(key: string): Properties | undefined {
    if (this.lifted.has(key)) return this.lifted.get(key);
    if (!Object.hasOwn(this.container, key) || this.depth > REFERENCE_DEPTH_MAX) return undefined;
    this.lifted.set(key, undefined);
    this.depth += 1;
    const object = this.converted(key, this.container[key]);
    this.depth -= 1;
    this.lifted.set(key, object);
    return object;
  }

  private converted(key: string, given: unknown): Properties | undefined {
    if (typeof given !== 'object' || given === null || !('type' in given)) return undefined;
    const { type } = given;
    if (typeof type !== 'string') return undefined;
    const renamed = this.withIds(given, type);
    if (!renamed) return undefined;
    const properties = renamed as Record<string, unknown>;
    const id = scoIdOf(properties) ?? randomIdFrom(type, `${this.seed}/${key}`);
    return { type, spec_version: '2.1', id, ...properties };
  }

  /** The value with the ids of the objects that its `_ref` and `_refs` name, at any depth. */
  private withIds(value: object, type?: string): object | undefined {
    const copy: Record<string, unknown> = {};
    for (const [name, member] of Object.entries(value)) {
      const lifted = this.member(name, member);
      if (lifted === undefined) return undefined;
      copy[type === undefined ? name : nameIn21(type, name)] = lifted;
    }
    return copy;
  }

  private member(name: string, value: unknown): unknown {
    if (name.endsWith('_ref')) return this.idOf(value);
    if (name.endsWith('_refs') && Array.isArray(value)) {
      const ids = value.map((key) => this.idOf(key));
      return ids.includes(undefined) ? undefined : ids;
    }
    if (holdsHashes(name)) return withHashNames(value);
    if (isFreeDictionary(name)) return dictionaryIn21(name, value);
    if (Array.isArray(value)) {
      const items = value.map((item: unknown) => this.member('', item));
      return items.includes(undefined) ? undefined : items;
    }
    return typeof value === 'object' && value !== null ? this.withIds(value) : value;
  }

  private idOf(key: unknown): unknown {
    if (typeof key !== 'string') return undefined;
    return isIdentifier(key) ? key : this.objectAt(key)?.['id'];
  }
}

function withHashNames(hashes: unknown): unknown {
  if (typeof hashes !== 'object' || hashes === null) return hashes;
  return Object.fromEntries(
    Object.entries(hashes).map(([name, value]) => [hashNameIn21(name), value]),
  );
}
