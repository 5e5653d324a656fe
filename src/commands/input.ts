/** What commands are given, checked by the schemas of the REST bodies that ask for the same. */
import { InvalidArgumentError } from 'commander';
import type { z } from 'zod';
import { Problem } from '../errors.ts';
import { parsed } from '../schema-issues.ts';

/**
 * Applies the checks and defaults of a REST body. Throws Problem invalid_request naming each member that
 * is wrong.
 */
export function inputOf<S extends z.ZodType>(
  schema: S,
  given: Readonly<Record<string, unknown>>,
): z.output<S> {
  const present = Object.entries(given).filter(([, value]) => value !== undefined);
  const options = { subject: 'The command', entry: 'option' };
  const read = parsed(schema, Object.fromEntries(present), options);
  if (read.ok) return read.value;
  throw new Problem('invalid_request', read.issues.map(({ detail }) => detail).join(' '));
}

/** For options that can be repeated. */
export const gather = (text: string, texts: readonly string[] | undefined): string[] => [
  ...(texts ?? []),
  text,
];

/** A date or time, such as 2030-01-31 or 2030-01-31T12:00:00Z, as REST takes it. */
export function readTime(text: string): string {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) {
    throw new InvalidArgumentError('Expected a date or time, such as 2030-01-31.');
  }
  return date.toISOString();
}

/** The number of a thing. */
export function readNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Expected a number, such as 7.');
  return Number(text);
}
