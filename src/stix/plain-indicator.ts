/**
 * The short way for the indicators that make up most bundles: those with nothing but well-known
 * properties of plain values. It may say no to a good one, which the schema then decides; it never
 * says yes where the schema finds an error or `adviceOn` a warning (a test holds them together).
 */
import { isIdentifierOf } from './identifier.ts';
import type { StixObject } from './object.ts';
import { OPEN_VOCABULARIES } from './vocabulary.ts';
import { comparableTimestamp } from './timestamp.ts';

const INDICATOR_TYPES = new Set(OPEN_VOCABULARIES['indicator']?.['indicator_types']);
const PATTERN_TYPES = new Set(OPEN_VOCABULARIES['indicator']?.['pattern_type']);

/** True for an indicator that needs no closer look, its pattern excepted. */
export function isPlainIndicator(value: unknown): value is StixObject {
  if (typeof value !== 'object' || value === null) return false;
  const object = value as Readonly<Record<string, unknown>>;
  if (object['type'] !== 'indicator' || object['spec_version'] !== '2.1') return false;
  if (typeof object['pattern'] !== 'string' || !PATTERN_TYPES.has(String(object['pattern_type']))) {
    return false;
  }
  for (const name in object) {
    const test = TESTS.get(name);
    if (test === undefined || !test(object[name])) return false;
  }
  return isOrdered(object) && isIdentifierOf('indicator', object['id']);
}

function isOrdered(object: Readonly<Record<string, unknown>>): boolean {
  const { created, modified, valid_from: from, valid_until: until } = object;
  if (typeof created !== 'string' || typeof modified !== 'string') return false;
  if (typeof from !== 'string') return false;
  // These two are exact to the same digit (see isInstant), so that their texts sort as they do.
  if (created.length !== modified.length || modified < created) return false;
  return (
    until === undefined ||
    (comparableTimestamp(String(until)) ?? '') > (comparableTimestamp(from) ?? '~')
  );
}

const MILLISECONDS = /\.\d{3,9}Z$/;

/** created and modified: at least milliseconds. */
function isInstant(value: unknown): boolean {
  return isTimestamp(value) && MILLISECONDS.test(value);
}

function isTimestamp(value: unknown): value is string {
  return typeof value === 'string' && comparableTimestamp(value) !== undefined;
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(isText);
}

const TESTS: ReadonlyMap<string, (value: unknown) => boolean> = new Map([
  ['type', isText],
  ['spec_version', isText],
  ['id', isText],
  ['name', isText],
  ['description', isText],
  ['pattern', isText],
  ['pattern_type', isText],
  ['pattern_version', isText],
  ['created', isInstant],
  ['modified', isInstant],
  ['valid_from', isTimestamp],
  ['valid_until', isTimestamp],
  ['revoked', (value: unknown) => typeof value === 'boolean'],
  ['confidence', isConfidence],
  ['labels', isTexts],
  ['indicator_types', (value: unknown) => isTexts(value) && areIndicatorTypes(value)],
  ['created_by_ref', (value: unknown) => isIdentifierOf('identity', value)],
  ['object_marking_refs', areMarkings],
  ['kill_chain_phases', arePhases],
]);

function isConfidence(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 100;
}

function areIndicatorTypes(value: unknown): boolean {
  return Array.isArray(value) && value.every((type) => INDICATOR_TYPES.has(String(type)));
}

function areMarkings(value: unknown): boolean {
  if (!Array.isArray(value) || value.length === 0) return false;
  return value.every((ref) => isIdentifierOf('marking-definition', ref));
}

function arePhases(value: unknown): boolean {
  if (!Array.isArray(value) || value.length === 0) return false;
  return value.every(
    (phase: { kill_chain_name?: unknown; phase_name?: unknown } | null) =>
      typeof phase?.kill_chain_name === 'string' && typeof phase.phase_name === 'string',
  );
}
