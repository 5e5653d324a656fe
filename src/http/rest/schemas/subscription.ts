import { z } from 'zod';
import { isMaskedUrl } from '../../../deliveries/endpoint-url.ts';
import { SubscriptionFilter } from '../../../deliveries/filter.ts';

const url = z
  .url({ protocol: /^https?$/ })
  .max(2000)
  .refine((text) => !isMaskedUrl(text), 'is the masked form of a URL: send the whole URL');
const description = z.string().max(500);
const batchMax = z.number().int().min(1).max(500);

const LINGER_MS_MAX = 60_000;

const lingerMs = z.number().int().min(0).max(LINGER_MS_MAX).meta({
  description:
    'How many milliseconds objects may wait for others, so that they come in fewer POSTs. A full batch is sent at once',
});

const asPosted = z.boolean().meta({
  description: 'Send objects exactly as posted, without the TLP reference that the server adds',
});

const start = z
  .union([z.enum(['now', 'beginning']), z.strictObject({ cursor: z.string().max(200) })])
  .meta({ description: 'From now on, from the beginning, or after a cursor' });

const current = z.boolean().optional();

export const NewSubscription = z
  .strictObject({
    url: url.meta({ description: 'The https URL to which Tocsin sends signed POSTs' }),
    description: description.default(''),
    filter: SubscriptionFilter.default({}),
    batch_max: batchMax
      .default(500)
      .meta({ description: 'The maximum number of objects in a POST' }),
    linger_ms: lingerMs.default(0),
    as_posted: asPosted.default(false),
    start: start.default('now'),
    current: current.meta({
      description:
        'Whether to leave out superseded versions, with `start` `beginning` (default: true). It has no effect with any other `start`',
    }),
  })
  .meta({ id: 'NewSubscription' });

export const SubscriptionChange = z
  .strictObject({
    url: url.optional(),
    description: description.optional(),
    filter: SubscriptionFilter.optional(),
    batch_max: batchMax.optional(),
    linger_ms: lingerMs.optional(),
    as_posted: asPosted.optional(),
    state: z.enum(['active', 'paused']).optional(),
  })
  .refine((change) => Object.keys(change).length > 0, 'Give at least one member to change.')
  .meta({ id: 'SubscriptionChange' });

export const Replay = z
  .strictObject({
    start: start.default('beginning').meta({
      description:
        'What comes from now on, all there is (the default), or what came after a cursor',
    }),
    current: current.meta({
      description:
        'Whether to leave out, with `start` `beginning`, superseded versions of the part of the log that ' +
        'the subscription has read (default: false). It has no effect with any other `start`',
    }),
  })
  .meta({ id: 'Replay' });

export const Rotation = z
  .strictObject({
    overlap_seconds: z
      .number()
      .int()
      .min(0)
      .max(7 * 24 * 3600)
      .default(24 * 3600)
      .meta({
        description:
          'How long the old secret also signs. Use 0 if a secret has leaked: then no older secret signs',
      }),
  })
  .meta({ id: 'Rotation' });

export const SubscriptionParams = z.strictObject({
  id: z.uuid().meta({ description: 'The id of a subscription of your organisation' }),
});

export const SubscriptionAnswer = z
  .object({
    id: z.uuid(),
    url: z
      .string()
      .nullable()
      .meta({
        description:
          'Scheme and host, and `/…` instead of the rest, which may contain a token and is ' +
          'never shown. Null if it was stored under a master secret that no longer exists',
      }),
    description: z.string(),
    filter: SubscriptionFilter,
    batch_max: z.number().int(),
    linger_ms: z.number().int(),
    as_posted: z.boolean(),
    state: z.enum(['active', 'paused', 'disabled']).meta({
      description: '`paused` by its owner, `disabled` by the server',
    }),
    reason: z.string().nullable().meta({
      description: 'Why the server disabled it: `gone`, `failing`, `refusing` or `unreadable`',
    }),
    cursor: z.string().meta({ description: 'The cursor up to which it has read' }),
    failures: z.number().int().meta({ description: 'Failed attempts in a row' }),
    next_attempt_at: z.iso.datetime(),
    created_at: z.iso.datetime(),
  })
  .meta({ id: 'Subscription' });

export const SecretAnswer = z.object({
  secret: z.string().meta({ description: 'Signs the deliveries. It is shown only once' }),
});
export const NewSubscriptionAnswer = SubscriptionAnswer.extend(SecretAnswer.shape).meta({
  id: 'CreatedSubscription',
});
export const SubscriptionsAnswer = z.object({ subscriptions: z.array(SubscriptionAnswer) });

const DETAIL = z
  .string()
  .nullable()
  .meta({
    description:
      'Why there was no answer; or, for an org_admin, the beginning of an answer that was not a ' +
      'success, if the endpoint is on the public internet',
  });

export const TestAnswer = z
  .object({
    outcome: z.enum(['delivered', 'failed']),
    status: z.number().int().nullable(),
    detail: DETAIL,
    duration_ms: z.number().int(),
  })
  .meta({ id: 'TestOutcome' });

export const AttemptsQuery = z.strictObject({
  before: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .meta({ description: 'The id of an attempt, to list earlier ones' }),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(500)
    .default(50)
    .meta({ description: 'The maximum number of attempts in a page' }),
});

export const AttemptsAnswer = z
  .object({
    attempts: z.array(
      z.object({
        id: z.string(),
        webhook_id: z.string().meta({ description: 'The `webhook-id` of the delivery' }),
        kind: z.enum(['delivery', 'test']),
        outcome: z.string().meta({
          description:
            '`delivered`, `retry`, `split`, `dead_letter` or `disable`; of a test, `failed`',
        }),
        status: z.number().int().nullable(),
        detail: DETAIL,
        objects: z.number().int(),
        withdrawn: z.number().int(),
        bytes: z.number().int(),
        started_at: z.iso.datetime(),
        duration_ms: z.number().int(),
      }),
    ),
  })
  .meta({ id: 'Attempts' });
