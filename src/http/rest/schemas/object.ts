import { z } from 'zod';
import { asPosted } from './context.ts';
import { comparableTimestamp, isTimestamp } from '../../../stix/timestamp.ts';

/** A time with an offset, which STIX does not know and people write. */
const DATE_TIME = z.iso.datetime({ offset: true });
const BEYOND_MICROSECONDS = /(\.[0-9]{6})[0-9]+/;

export const StixAnswer = z.looseObject({ type: z.string(), id: z.string() }).meta({
  id: 'StixObject',
  description:
    'A STIX 2.1 object as it was posted, with the TLP 2.0 reference of its level among its ' +
    '`object_marking_refs`, and without references to lower levels',
});

export const ObjectParams = z.strictObject({
  id: z
    .string()
    .max(300)
    .meta({ description: 'STIX id', example: 'indicator--5a2b1c3d-0000-4000-8000-000000000001' }),
});

export const VersionQuery = z.strictObject({
  version: z
    .string()
    .max(100)
    .refine((text) => text === 'all' || isTimestamp(text) || DATE_TIME.safeParse(text).success, {
      error: 'must be a time such as 2026-01-31T12:30:45.123Z, or `all`',
    })
    .optional()
    .meta({ description: 'A `modified`, or `all`. Without it, the current version' }),
  as_posted: asPosted,
});

/** The version asked for as it is stored: to the microsecond, without leap seconds. */
export function storedVersion(version: string): string {
  return comparableTimestamp(version) ?? version.replace(BEYOND_MICROSECONDS, '$1');
}
