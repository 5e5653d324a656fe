/**
 * The short way for the indicators (STIX 2.1 section 4.7) that make up most bundles: those with nothing but well-known
 * properties of plain values. It may say no to a good one, which the schema then decides; it never
 * says yes where the schema finds an error or `adviceOn` a warning (a test holds them together).
 */
import { isIdentifierOf } from '../identifier.ts';
import type { StixObject } from '../object.ts';
import { comparableTimestamp, isTimestamp } from '../timestamp.ts';
import { OPEN_VOCABULARIES } from '../vocabulary.ts';

const INDICATOR_TYPES = new Set<unknown>(OPEN_VOCABULARIES['indicator']?.['indicator_types']);
const PATTERN_TYPES = new Set(OPEN_VOCABULARIES['indicator']?.['pattern_type']);
const MILLISECONDS_LENGTH = 'YYYY-MM-DDTHH:MM:SS.fffZ'.length;
const REQUIRED = 8;

/** An indicator whose pattern is a text, in a language that the vocabulary knows. */
export type PlainIndicator = StixObject & { readonly pattern: string };

/** True for an indicator that needs no closer look, its pattern excepted. */
export function isPlainIndicator(value: unknown): value is PlainIndicator {
  if (typeof value !== 'object' || value === null) return false;
  const object = value as StixObject;
  if (object.type !== 'indicator' || !isWellTyped(object) || !isInOrder(object)) return false;
  const known = REQUIRED + countTexts(object) + countMarks(object) + countLists(object);
  return known === Object.keys(object).length;
}

function isWellTyped(object: StixObject): boolean {
  return (
    object.spec_version === '2.1' &&
    typeof object.pattern === 'string' &&
    typeof object.pattern_type === 'string' &&
    PATTERN_TYPES.has(object.pattern_type) &&
    isIdentifierOf('indicator', object.id)
  );
}

function isInOrder(object: StixObject): boolean {
  const { created, modified, valid_from: from, valid_until: until } = object;
  if (!isInstant(created)) return false;
  // Most indicators are read once: the three are the same text.
  if (modified !== created && !isLaterInstant(modified, created)) return false;
  if (from !== created && !isTime(from)) return false;
  if (until === undefined) return true;
  return isTime(until) && (comparableTimestamp(until) ?? '') > (comparableTimestamp(from) ?? '~');
}

/** Of equal length they are exact to the same digit, so that their texts sort as they do. */
function isLaterInstant(modified: unknown, created: string): boolean {
  return isInstant(modified) && modified.length === created.length && modified > created;
}

/** created and modified: at least milliseconds, no leap second (whose text would not sort). */
function isInstant(value: unknown): value is string {
  if (typeof value !== 'string' || value.length < MILLISECONDS_LENGTH) return false;
  return isTimestamp(value) && !value.startsWith('60', 17);
}

function isTime(value: unknown): value is string {
  return typeof value === 'string' && isTimestamp(value);
}

/** 1 for a good value, 0 where there is none; a bad one is not counted, so that the sum is short. */
function count(value: unknown, test: (value: unknown) => boolean): number {
  return value !== undefined && test(value) ? 1 : 0;
}

function countTexts(object: StixObject): number {
  const { name, description, pattern_version: version } = object;
  return (
    (typeof name === 'string' ? 1 : 0) +
    (typeof description === 'string' ? 1 : 0) +
    (typeof version === 'string' ? 1 : 0) +
    (object.valid_until === undefined ? 0 : 1)
  );
}

function countMarks(object: StixObject): number {
  return (
    (typeof object.revoked === 'boolean' ? 1 : 0) +
    count(object.confidence, isConfidence) +
    count(object.created_by_ref, isIdentity) +
    count(object.object_marking_refs, areMarkings)
  );
}

function countLists(object: StixObject): number {
  return (
    count(object.labels, areTexts) +
    count(object.indicator_types, areIndicatorTypes) +
    count(object.kill_chain_phases, arePhases)
  );
}

function isConfidence(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 100;
}

function isIdentity(value: unknown): boolean {
  return isIdentifierOf('identity', value);
}

function isFullList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.length > 0;
}

function areTexts(value: unknown): boolean {
  return isFullList(value) && value.every((text) => typeof text === 'string');
}

function areIndicatorTypes(value: unknown): boolean {
  return isFullList(value) && value.every((type) => INDICATOR_TYPES.has(type));
}

function areMarkings(value: unknown): boolean {
  return isFullList(value) && value.every((ref) => isIdentifierOf('marking-definition', ref));
}

function arePhases(value: unknown): boolean {
  if (!isFullList(value)) return false;
  return value.every(
    (phase) =>
      typeof phase === 'object' &&
      phase !== null &&
      'kill_chain_name' in phase &&
      'phase_name' in phase &&
      typeof phase.kill_chain_name === 'string' &&
      typeof phase.phase_name === 'string',
  );
}
