/** Versions of an object: STIX 2.1 section 3.6. */
import { SCO_TYPES } from './object.ts';
import type { StixObject } from './object.ts';
import { comparableTimestamp } from './timestamp.ts';

/**
 * The version as a comparable timestamp (the later one sorts after): `modified`, or `created` for a
 * marking definition, which cannot change (section 7.2.1).
 * @returns undefined for cyber-observable objects, which have no versions.
 */
export function versionOf(object: StixObject): string | undefined {
  if (SCO_TYPES.has(object.type)) return undefined;
  const text = object.type === 'marking-definition' ? object.created : object.modified;
  return typeof text === 'string' ? comparableTimestamp(text) : undefined;
}
