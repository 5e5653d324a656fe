import { z } from 'zod';
import { Finding } from './bundle.ts';

const count = z.number().int();

export const ValidationAnswer = z
  .object({
    bundle: z.string().nullable(),
    warnings: z
      .array(Finding)
      .readonly()
      .optional()
      .meta({ description: 'Warnings about the bundle itself' }),
    summary: z.object({ objects: count, valid: count, invalid: count, warnings: count }),
    results: z
      .array(
        z.object({
          index: count.meta({ description: 'Position in the request, from 0' }),
          id: z.string().optional(),
          type: z.string().optional(),
          valid: z.boolean(),
          errors: z.array(Finding).readonly().meta({ description: 'Why it would be rejected' }),
          warnings: z
            .array(Finding)
            .readonly()
            .meta({ description: 'What is doubtful, but would be stored' }),
        }),
      )
      .readonly(),
  })
  .meta({ id: 'Validation' });
