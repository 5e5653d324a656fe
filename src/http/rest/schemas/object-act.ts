import { z } from 'zod';
import { TLP_ORDER } from '../../../stix/marking/tlp.ts';

export const Purging = z
  .strictObject({
    reason: z
      .string()
      .trim()
      .min(1)
      .max(2000)
      .meta({ description: 'The reason. Only its SHA-256 is stored, in the audit' }),
  })
  .meta({ id: 'Purging' });

export const PurgeAnswer = z
  .object({
    id: z.string(),
    purged_at: z.iso.datetime(),
    versions: z
      .number()
      .int()
      .meta({ description: 'The number of versions that were deleted; 0 if it was purged before' }),
    organisations_told: z
      .number()
      .int()
      .meta({ description: 'The number of organisations that receive a withdrawal' }),
  })
  .meta({ id: 'Purged' });

export const Readdressing = z
  .strictObject({
    audience: z
      .array(z.string().min(1).max(63))
      .min(1)
      .max(500)
      .optional()
      .meta({ description: 'Slugs of communities, sharing groups or organisations' }),
    tlp: z.enum(TLP_ORDER).optional().meta({
      description: 'No lower than the marking of the object itself',
    }),
  })
  .refine((input) => Object.keys(input).length > 0, 'Give at least one member to change.')
  .meta({ id: 'Readdressing' });
