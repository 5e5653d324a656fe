/**
 * The mark of an exercise: a property extension (STIX 2.1 section 7.3) in every object that is
 * shared in one, so that it says of itself, wherever it comes to lie, that it is not for real. An
 * extension holds the name in the object itself, of any type; a marking would hold the id of
 * another object, which a filter, or a copy of one object, leaves behind.
 */
import type { StixObject } from './object.ts';
import { isPredefinedMarking } from './marking/tlp.ts';

/** docs/exercises.md has its definition. */
export const EXERCISE_EXTENSION = 'extension-definition--5b1d4c3e-6f0a-4d8e-9b7a-2c51f0e8a94d';

/** An exercise as its objects name it. */
export interface Exercise {
  /** Its slug. */
  readonly realm: string;
  readonly name: string;
}

/** The slug of the exercise that a value says it is of; '' when it bears a mark that names none. */
export function exerciseOf(value: unknown): string | undefined {
  const mark = extensionsOf(value)?.[EXERCISE_EXTENSION];
  if (mark === undefined) return undefined;
  const named: unknown =
    typeof mark === 'object' && mark !== null ? Reflect.get(mark, 'realm') : '';
  return typeof named === 'string' ? named : '';
}

/** The same object without its mark, as it was before it was shared in an exercise. */
export function unmarked(value: unknown): unknown {
  const extensions = extensionsOf(value);
  if (extensions?.[EXERCISE_EXTENSION] === undefined) return value;
  const { [EXERCISE_EXTENSION]: _, ...others } = extensions;
  const { extensions: __, ...rest } = value as Record<string, unknown>;
  return Object.keys(others).length === 0 ? rest : { ...rest, extensions: others };
}

/** The same object with the mark of an exercise. Predefined markings stay what they are. */
export function markedFor({ realm, name }: Exercise, object: StixObject): StixObject {
  if (isPredefinedMarking(object.id)) return object;
  const mark = { extension_type: 'property-extension', realm, exercise: name };
  return { ...object, extensions: { ...extensionsOf(object), [EXERCISE_EXTENSION]: mark } };
}

function extensionsOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof value !== 'object' || value === null || !('extensions' in value)) return undefined;
  const { extensions } = value;
  if (typeof extensions !== 'object' || extensions === null) return undefined;
  return extensions as Readonly<Record<string, unknown>>;
}
