import { z } from 'zod';
import { Finding } from './bundle.ts';

const count = z.number().int();

export const ValidationAnswer = z
  .object({
    bundle: z.string().nullable(),
    summary: z.object({ objects: count, valid: count, invalid: count, warnings: count }),
    results: z
      .array(
        z.object({
          index: count.meta({ description: 'Place in the request, from 0' }),
          id: z.string().optional(),
          type: z.string().optional(),
          valid: z.boolean(),
          errors: z.array(Finding).readonly().meta({ description: 'Why it would be refused' }),
          warnings: z
            .array(Finding)
            .readonly()
            .meta({ description: 'What is doubtful, and would be kept' }),
        }),
      )
      .readonly(),
  })
  .meta({ id: 'Validation' });
