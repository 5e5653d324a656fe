import { z } from 'zod';
import { TLP_ORDER } from '../../../stix/tlp.ts';

export const Readdressing = z
  .strictObject({
    audience: z
      .array(z.string().min(1).max(63))
      .min(1)
      .max(500)
      .optional()
      .meta({ description: 'Slugs of communities, sharing groups or organisations' }),
    tlp: z.enum(TLP_ORDER).optional().meta({
      description: 'No lower than the marking that the object itself carries',
    }),
  })
  .refine((wish) => Object.keys(wish).length > 0, 'Say what to change')
  .meta({ id: 'Readdressing' });
