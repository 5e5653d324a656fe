import { randomUUID } from 'node:crypto';
import { TLP, type PostedObject } from '../support/builders.ts';
import { secretWordOf, type World } from './world.ts';

/**
 * A STIX 2.0 container, marked RED in one of three ways, of which nobody may see anything: it goes to a
 * community. What it holds has a word that no version has, so that every door notices it.
 */
export function secretContainer(world: World, number: number): PostedObject {
  const day = '2025-01-01T00:00:00.000Z';
  const selectors = [undefined, ['objects.0'], ['objects.0.name']][number % 3];
  const marking =
    selectors === undefined
      ? { object_marking_refs: [TLP.red] }
      : { granular_markings: [{ marking_ref: TLP.red, selectors }] };
  return {
    type: 'observed-data',
    id: `observed-data--${randomUUID()}`,
    created: day,
    modified: day,
    first_observed: day,
    last_observed: day,
    number_observed: 1,
    objects: { 0: { type: 'file', name: secretWordOf(world) } },
    ...marking,
  };
}
