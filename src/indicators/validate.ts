/** Says what is wrong or doubtful with objects, and keeps nothing. Pure. */
import { Unreadable } from '../stix/bundle/text.ts';
import { notesByIndex } from './examine-all.ts';
import { liftSteps } from '../stix/lift/lift.ts';
import type { Steps } from '../stix/steps.ts';
import { checkObject, type Finding } from '../stix/check/check.ts';
import { addMeaning, markedBy, type Meanings } from '../stix/marking/marking.ts';
import { adviseOnFuture } from '../stix/check/future.ts';

/** What is to be said of one object. */
export interface Verdict {
  /** Its place in the bundle, from 0. */
  readonly index: number;
  readonly id?: string;
  readonly type?: string;
  readonly valid: boolean;
  /** Why it would be refused. */
  readonly errors: readonly Finding[];
  /** What is doubtful, and would be kept. */
  readonly warnings: readonly Finding[];
}

export interface Validation {
  readonly bundle: string | null;
  /** What is doubtful about the bundle itself. */
  readonly warnings?: readonly Finding[];
  readonly summary: { objects: number; valid: number; invalid: number; warnings: number };
  readonly results: readonly Verdict[];
}

/** What objects are held against, beside the language. */
export interface ValidationTerms {
  readonly now: Date;
  /** What the bundle says of itself, as only STIX 2.0 does. */
  readonly bundleVersion?: string | undefined;
  /** What is known of markings that these objects do not define. */
  readonly meanings?: Meanings;
  /** What is doubtful about the bundle itself. */
  readonly bundleWarnings?: readonly Finding[];
}

/** The verdicts on objects that came one by one, each a step; those of STIX 2.0 as the 2.1 that they become. */
export function* validation(
  bundle: string | null,
  objects: readonly unknown[],
  { now, bundleVersion, meanings, bundleWarnings = [] }: ValidationTerms,
): Steps<Validation> {
  const lifted = yield* liftSteps(objects, bundleVersion);
  const notes = notesByIndex(lifted.notes);
  const known = new Map(meanings);
  for (const object of lifted.objects) addMeaning(known, object);
  const results: Verdict[] = [];
  for (const [i, object] of lifted.objects.entries()) {
    const index = lifted.origins[i] ?? i;
    const verdict = verdictOn(object, index, now, known);
    const said = notes.get(index) ?? [];
    results.push(said.length === 0 ? verdict : withNotes(verdict, said));
    yield undefined;
  }
  const valid = results.filter((result) => result.valid).length;
  const warnings = results.reduce((sum, result) => sum + result.warnings.length, 0);
  const summary = { objects: results.length, valid, invalid: results.length - valid, warnings };
  const about = bundleWarnings.length === 0 ? {} : { warnings: bundleWarnings };
  return { bundle, ...about, summary, results };
}

function withNotes(verdict: Verdict, notes: readonly Finding[]): Verdict {
  return { ...verdict, warnings: [...notes, ...verdict.warnings] };
}

function verdictOn(value: unknown, index: number, now: Date, meanings: Meanings): Verdict {
  if (value instanceof Unreadable) {
    const { id, code, path, detail } = value;
    const errors = [{ code, path, detail }];
    return { index, ...(id === undefined ? {} : { id }), valid: false, errors, warnings: [] };
  }
  const checked = checkObject(value);
  if (checked.ok) {
    const { object } = checked;
    const { id, type } = object;
    const { doubts } = markedBy(object, meanings);
    const warnings = [...doubts, ...checked.warnings, ...adviseOnFuture(object, now)];
    return { index, id, type, valid: true, errors: [], warnings };
  }
  const { id, errors, warnings } = checked;
  return {
    index,
    ...(id === undefined ? {} : { id }),
    valid: false,
    errors,
    warnings: [...warnings],
  };
}
