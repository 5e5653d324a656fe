/** Says what is wrong or doubtful with objects, and keeps nothing. Pure. */
import { readBundle } from '../stix/bundle.ts';
import { Unreadable } from '../stix/bundle-text.ts';
import { notesByIndex } from './examine-all.ts';
import { liftSteps } from '../stix/lift.ts';
import type { Steps } from '../stix/steps.ts';
import { checkObject, type Finding } from '../stix/check.ts';
import { adviseOnFuture } from '../stix/future.ts';

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
  readonly summary: { objects: number; valid: number; invalid: number; warnings: number };
  readonly results: readonly Verdict[];
}

/**
 * Checks a bundle as parseBundle gives it, or one object by itself. What is neither is one
 * Finding that says so.
 */
export function* validate(value: unknown, now: Date): Steps<Validation | Finding> {
  const bundle = readBundle(value);
  if (bundle.ok) {
    return yield* validation(now, bundle.id ?? null, bundle.objects, bundle.specVersion);
  }
  return isBareObject(value) ? yield* validation(now, null, [value]) : bundle.error;
}

/** Many publish one object without a bundle around it. */
function isBareObject(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return 'id' in value && 'type' in value && value.type !== 'bundle';
}

/** The verdicts on objects that came one by one, each a step; those of STIX 2.0 as the 2.1 that they become. */
export function* validation(
  now: Date,
  bundle: string | null,
  objects: readonly unknown[],
  bundleVersion?: string,
): Steps<Validation> {
  const lifted = yield* liftSteps(objects, bundleVersion);
  const notes = notesByIndex(lifted.notes);
  const results: Verdict[] = [];
  for (const [i, object] of lifted.objects.entries()) {
    const index = lifted.origins[i] ?? i;
    const verdict = verdictOn(object, index, now);
    const said = notes.get(index) ?? [];
    results.push(said.length === 0 ? verdict : withNotes(verdict, said));
    yield undefined;
  }
  const valid = results.filter((result) => result.valid).length;
  const warnings = results.reduce((sum, result) => sum + result.warnings.length, 0);
  const summary = { objects: results.length, valid, invalid: results.length - valid, warnings };
  return { bundle, summary, results };
}

function withNotes(verdict: Verdict, notes: readonly Finding[]): Verdict {
  return { ...verdict, warnings: [...notes, ...verdict.warnings] };
}

function verdictOn(value: unknown, index: number, now: Date): Verdict {
  if (value instanceof Unreadable) {
    const { id, code, path, detail } = value;
    const errors = [{ code, path, detail }];
    return { index, ...(id === undefined ? {} : { id }), valid: false, errors, warnings: [] };
  }
  const checked = checkObject(value);
  if (checked.ok) {
    const { object } = checked;
    const { id, type } = object;
    const warnings = [...checked.warnings, ...adviseOnFuture(object, now)];
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
