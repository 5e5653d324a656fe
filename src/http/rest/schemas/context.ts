import { z } from 'zod';
import { TLP_ORDER } from '../../../stix/marking/tlp.ts';
import { flag } from './flag.ts';

/** What stands beside an object wherever one is read. */
export const ContextAnswer = z
  .object({
    tlp: z.enum(TLP_ORDER).meta({
      description: 'The level at which the object is shared with you, whatever its markings say',
    }),
    sharers: z.array(z.string()).meta({
      description: 'Slugs of the organisations that shared it, if you may know them',
    }),
    date_added: z.iso
      .datetime()
      .nullable()
      .meta({ description: 'When it was added to the log for you; null until then' }),
    realm: z.string().meta({ description: '`production`, or the slug of the exercise' }),
  })
  .meta({ id: 'Context', description: 'What the server knows about an object that you may see' });

export const asPosted = flag.meta({
  description: 'Objects exactly as posted, without the TLP 2.0 reference that the server adds',
});

export const AsPostedQuery = z.strictObject({ as_posted: asPosted });

/** Of an answer that is an object itself. */
export const CONTEXT_HEADER = {
  'tocsin-context': { type: 'string', description: 'The context of the object, as JSON' },
} as const;
