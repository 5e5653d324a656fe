import { z } from 'zod';
import { flag } from './flag.ts';
import { asPosted, ContextAnswer } from './context.ts';
import { StixAnswer } from './object.ts';

const PAGE_DEFAULT = 1000;
const PAGE_MAX = 10_000;

export const Cursor = z.string().min(1).max(200).meta({ description: 'A cursor, as returned' });

/** In what holds content of an exercise. */
export const RealmLabel = z
  .string()
  .optional()
  .meta({ description: 'The slug of the exercise; absent in production' });

/** In the query of what reads the log. */
export const Current = flag.meta({
  description:
    'Leave out superseded versions, so that you receive only the newest version of each ' +
    'object. Withdrawals and revocations are still included',
});

/** Proxies commonly end a request that is silent for longer. */
const WAIT_MAX_S = 60;

export const ChangesQuery = z.strictObject({
  after: Cursor.optional().meta({
    description: 'The cursor of the previous page. Without it, the beginning',
  }),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(PAGE_MAX)
    .default(PAGE_DEFAULT)
    .meta({ description: 'The maximum number of objects and withdrawals in a page' }),
  current: Current,
  wait: z.coerce
    .number()
    .int()
    .min(0)
    .max(WAIT_MAX_S)
    .default(0)
    .meta({ description: 'If there is no change yet, the number of seconds to wait for one' }),
  as_posted: asPosted,
});

export const ChangesAnswer = z
  .object({
    objects: z.array(StixAnswer).meta({ description: 'In the order of the log' }),
    withdrawn: z
      .array(z.string())
      .meta({ description: 'Ids of objects that are no longer visible' }),
    context: z
      .array(ContextAnswer)
      .meta({ description: 'The context of each object, in the same order' }),
    realm: RealmLabel,
    next: z.string().meta({ description: 'Use it as `after` for the next page' }),
    more: z.boolean().meta({ description: 'Whether there is more to read now' }),
  })
  .meta({ id: 'Changes' });
