/** What the routes of organisations, agreements, groups and keys have in common. */
import { z } from 'zod';
import { TLP_ORDER } from '../../../stix/marking/tlp.ts';

export const Slug = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'must be a slug: a-z, 0-9 and hyphens, at most 63 characters')
  .meta({ description: 'Short name: a-z, 0-9 and -' });

/** Text on one line: no control characters, and none that turn the writing round. */
export const Line = z
  .string()
  .max(200)
  .regex(
    /^[^\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]*$/u,
    'must be one line without control characters',
  );

export const Name = Line.min(1).refine(
  (name) => name.trim() === name,
  'must not begin or end with a space',
);

/** The name of something new. Its verb uses the slug where there is none. */
export const NameOrSlug = Name.optional().meta({ description: 'The slug unless given' });

export const Time = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text))
  .pipe(z.date())
  .meta({ type: 'string', format: 'date-time' });

export const Marking = z.enum(TLP_ORDER);

export const OrganisationParams = z.strictObject({ slug: Slug });

/** A time in an answer. */
export function timeOf(date: Date | null): string | null {
  return date === null ? null : date.toISOString();
}
