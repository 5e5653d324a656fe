/** How a schema states a rule of the specification, beyond what zod checks by itself. */
import type { z } from 'zod';
import { comparableTimestamp, microsecondsBetween } from '../timestamp.ts';

/** A rule as the finding it becomes when broken. */
export interface Rule {
  readonly code: string;
  readonly detail: string;
  readonly clause: string;
}

/** Section 3.1. */
export const PROPERTY_NAME = /^[a-z][a-z0-9_]{2,249}$/;
/** A property whose name is of another form. */
export const INVALID_NAME: Rule = {
  code: 'invalid_property_name',
  detail: 'a property name has 3 to 250 characters of a-z, 0-9 and _, a letter first',
  clause: 'STIX 2.1 section 3.1',
};

const ISSUES_MAX = 100;

type Given<T> = z.core.ParsePayload<T>;
type Properties = Readonly<Record<string, unknown>>;

/** Reports a broken rule; what else is wrong with the value is looked for all the same. */
export function breach(given: Given<unknown>, rule: Rule, ...path: string[]): void {
  // More are not told, and hostile input holds very many.
  if (given.issues.length >= ISSUES_MAX) return;
  given.issues.push({
    code: 'custom',
    input: given.value,
    message: rule.detail,
    path,
    params: rule,
    continue: true,
  });
}

/** A rule over several properties of an object. */
export type ObjectRule = (given: Given<Properties>) => void;

/**
 * `later` must not be before `earlier`, where both are given, by more than `toleranceUs`
 * microseconds.
 */
export function notBefore(
  later: string,
  earlier: string,
  clause: string,
  toleranceUs = 0,
): ObjectRule {
  const rule = { code: 'time_order', detail: `${later} is before ${earlier}`, clause };
  return (given) => {
    const { [later]: end, [earlier]: start } = given.value;
    if (compareTimes(end, start) >= 0) return;
    if (microsecondsBetween(String(end), String(start)) > toleranceUs) breach(given, rule, later);
  };
}

/** `later` must be after `earlier`, where both are given. */
export function after(later: string, earlier: string, clause: string): ObjectRule {
  const rule = { code: 'time_order', detail: `${later} is not after ${earlier}`, clause };
  return (given) => {
    const order = compareTimes(given.value[later], given.value[earlier]);
    if (order <= 0) breach(given, rule, later);
  };
}

/** Below, at or above 0 as text order is; 1 when either is not a timestamp, which is reported elsewhere. */
function compareTimes(later: unknown, earlier: unknown): number {
  if (typeof later !== 'string' || typeof earlier !== 'string') return 1;
  const end = comparableTimestamp(later);
  const start = comparableTimestamp(earlier);
  if (end === undefined || start === undefined || end > start) return 1;
  return end === start ? 0 : -1;
}

/** At least one of the properties must be given. */
export function oneOf(names: readonly string[], clause: string): ObjectRule {
  const detail = `expected at least one of ${names.join(', ')}`;
  return (given) => {
    if (!names.some((name) => given.value[name] !== undefined)) {
      breach(given, { code: 'missing_property', detail, clause });
    }
  };
}

/** The two properties must not be given together. */
export function notBoth(first: string, second: string, clause: string): ObjectRule {
  const detail = `${first} and ${second} exclude each other`;
  return (given) => {
    if (given.value[first] !== undefined && given.value[second] !== undefined) {
      breach(given, { code: 'property_not_allowed', detail, clause }, second);
    }
  };
}

/** Where `name` is given, `needed` must be too. */
export function needs(name: string, needed: string, clause: string): ObjectRule {
  const detail = `${name} needs ${needed}`;
  return (given) => {
    if (given.value[name] !== undefined && given.value[needed] === undefined) {
      breach(given, { code: 'missing_property', detail, clause }, needed);
    }
  };
}

/** A condition of the specification in code: broken when the test says false. */
export function must(
  test: (value: Properties) => boolean,
  rule: Rule,
  ...path: string[]
): ObjectRule {
  return (given) => {
    if (!test(given.value)) breach(given, rule, ...path);
  };
}
