import { z } from 'zod';
import { flag } from './flag.ts';
import { asPosted, ContextAnswer } from './context.ts';
import { StixAnswer } from './object.ts';

const PAGE_DEFAULT = 1000;
const PAGE_MAX = 10_000;

export const Cursor = z.string().min(1).max(200).meta({ description: 'A cursor, as it was given' });

/** In what holds content of an exercise. */
export const RealmLabel = z
  .string()
  .optional()
  .meta({ description: 'The exercise that this is of; not there in production' });

/** In the query of what reads the log. */
export const Current = flag.meta({
  description:
    'Leave out versions that are superseded by now: only the newest version of each object comes. ' +
    'Withdrawals and revocations come as they do without it, and nothing else is left out',
});

export const ChangesQuery = z.strictObject({
  after: Cursor.optional().meta({
    description: 'The cursor of the page before; left out: from the beginning',
  }),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(PAGE_MAX)
    .default(PAGE_DEFAULT)
    .meta({ description: 'Objects and withdrawals in one page, at most' }),
  current: Current,
  as_posted: asPosted,
});

export const ChangesAnswer = z
  .object({
    objects: z.array(StixAnswer).meta({ description: 'In the order of the log' }),
    withdrawn: z
      .array(z.string())
      .meta({ description: 'Ids of objects that are no longer visible' }),
    context: z.array(ContextAnswer).meta({ description: 'Of each object, in the same order' }),
    realm: RealmLabel,
    next: z.string().meta({ description: 'Give it as `after` for what comes then' }),
    more: z.boolean().meta({ description: 'Whether there is more to read now' }),
  })
  .meta({ id: 'Changes' });
