import { z } from 'zod';
import { MODES, type Mode } from '../../../stix/lookup/candidates.ts';
import { VERDICTS } from '../../../stix/lookup/verdict.ts';
import type { Bodies } from '../../document/document.ts';
import { flag } from './flag.ts';

/** Values in one JSON document. */
const LOOKUP_VALUES_MAX = 10_000;

const TypedValue = z.strictObject({
  value: z.string(),
  type: z.string().min(1).max(250).optional(),
});

export const LookupBody = z.strictObject({
  values: z
    .array(z.union([z.string(), TypedValue]))
    .min(1)
    .max(LOOKUP_VALUES_MAX),
});

/** A line of NDJSON. */
export const LookupLine = z.union([z.string(), TypedValue]);

const isMode = (text: string): text is Mode => (MODES as readonly string[]).includes(text);

export const LookupQuery = z.strictObject({
  match: z
    .string()
    .max(200)
    .optional()
    .transform((text, context): ReadonlySet<Mode> => {
      const asked = text?.split(',') ?? MODES;
      const modes = asked.filter(isMode);
      if (modes.length === asked.length) return new Set(modes);
      context.addIssue({
        code: 'custom',
        message: `must be a list of ${MODES.join(', ')}, separated by commas`,
      });
      return z.NEVER;
    })
    .meta({
      description: `Which matches count: ${MODES.join(', ')}, separated by commas. Default: all`,
    }),
  subdomains: flag.meta({
    description:
      'Whether a listed domain also matches its sub-domains. Otherwise only where its pattern says ' +
      "so (`LIKE '%.example.com'`)",
  }),
});

export type LookupOptions = z.output<typeof LookupQuery>;

export const LookupParams = z.object({
  value: z.string().min(1).meta({ description: 'The value, percent-encoded' }),
});

const Time = z.iso.datetime();

const HitAnswer = z
  .object({
    match: z.enum(MODES).meta({ description: 'How it matches' }),
    matched: z
      .object({ type: z.string(), value: z.string() })
      .meta({ description: 'What the object lists' }),
    subdomains_by: z
      .enum(['pattern', 'option'])
      .optional()
      .meta({ description: 'Of a parent domain: what says that sub-domains count' }),
    polarity: z
      .enum(['positive', 'negative'])
      .meta({ description: 'Negative where the pattern excludes the value' }),
    context: z
      .enum(['sole', 'alternative', 'part'])
      .nullable()
      .meta({
        description:
          'Whether the value is the whole pattern, one of several of which any is enough, or counts ' +
          'only together with other conditions; null where the pattern excludes it',
      }),
    state: z.enum(['active', 'expired', 'revoked']),
    id: z.string(),
    type: z.string().meta({ description: 'Of the object; mostly `indicator`' }),
    name: z.string().nullable(),
    pattern: z
      .string()
      .nullable()
      .meta({ description: 'Null for an observable, and if it has more than 8,192 characters' }),
    pattern_type: z.string().nullable(),
    indicator_types: z.array(z.string()),
    labels: z.array(z.string()),
    kill_chain_phases: z.array(z.unknown()),
    tlp: z.enum(['clear', 'green', 'amber', 'amber+strict', 'red']),
    confidence: z.number().nullable(),
    valid_from: z.string().nullable(),
    valid_until: z.string().nullable(),
    sharers: z.array(z.string()).meta({
      description: 'Slugs of the organisations that share it, as far as you may know them',
    }),
    shared_by: z
      .number()
      .int()
      .meta({ description: 'How many organisations share it, as far as you see their shares' }),
    first_shared: Time,
    last_shared: Time,
    related: z
      .array(
        z.object({
          id: z.string(),
          type: z.string(),
          name: z.string().nullable(),
          relationship: z.string().nullable(),
        }),
      )
      .meta({
        description: 'Malware, tools, actors and campaigns one relationship away, at most 10',
      }),
  })
  .meta({ id: 'LookupHit' });

export const LookupResultAnswer = z
  .object({
    value: z.string().meta({ description: 'As you sent it' }),
    understood: z
      .object({ type: z.string(), value: z.string(), port: z.number().int().optional() })
      .nullable()
      .meta({ description: 'Its type, and the form in which it was looked up' }),
    verdict: z.enum(VERDICTS).meta({ description: 'What the hits come to' }),
    hits: z.array(HitAnswer).meta({ description: 'The strongest first' }),
    truncated: z.boolean().meta({ description: 'Whether there are more hits' }),
    skipped: z
      .array(z.enum(MODES))
      .optional()
      .meta({ description: 'Matches that were not looked for, since the network is too wide' }),
    error: z
      .object({ code: z.string(), detail: z.string() })
      .optional()
      .meta({ description: 'Why the value could not be looked up' }),
  })
  .meta({ id: 'LookupResult' });

export const LookupAnswer = z
  .object({ results: z.array(LookupResultAnswer) })
  .meta({ id: 'Lookup' });

const text = { type: 'string' };

export const LOOKUP_BODIES: Bodies = {
  'application/json': {
    type: 'object',
    properties: {
      values: {
        type: 'array',
        minItems: 1,
        maxItems: LOOKUP_VALUES_MAX,
        items: {
          oneOf: [
            text,
            { type: 'object', properties: { value: text, type: text }, required: ['value'] },
          ],
        },
      },
    },
    required: ['values'],
    examples: [{ values: ['beacon[.]example.com', '198.51.100.7'] }],
  },
  'application/x-ndjson': {
    type: 'string',
    description: 'A string, or an object with `value` and `type`, per line. Any number of lines.',
    examples: ['"198.51.100.7"\n{"value":"Global\\\\x","type":"mutex"}\n'],
  },
  'text/plain': {
    type: 'string',
    description: 'One value per line. Any number of lines.',
    examples: ['198.51.100.7\nbeacon.example.com\n'],
  },
};

export const RangeParams = z.object({
  prefix: z
    .string()
    .regex(/^[0-9a-f]{1,8}$/, 'must be 1 to 8 hexadecimal digits in lower case')
    .meta({ description: 'The first digits of SHA-256 of type, a zero byte and value' }),
});

export const RangeAnswer = z
  .object({
    prefix: z.string().meta({
      description: 'The prefix that the entries have: shorter than yours where that has too few',
    }),
    digits: z.number().int().meta({
      description: 'The longest prefix that you should send: its entries are at least 64, mostly',
    }),
    entries: z.array(
      z.object({
        suffix: z.string().meta({ description: 'The digits after the prefix, up to 32 in all' }),
        verdict: z.enum(VERDICTS),
        last_shared: Time,
      }),
    ),
    padding: z.string().meta({ description: 'Ignore it: it hides how long the answer is' }),
  })
  .meta({ id: 'LookupRange' });
