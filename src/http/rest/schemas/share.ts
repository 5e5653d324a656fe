import { z } from 'zod';
import { TLP_ORDER } from '../../../stix/marking/tlp.ts';
import { AudiencePart, receivers } from './preview.ts';

/** A page of what an organisation shares. */
const SHARES_MAX = 1000;
/** Objects of one request that revokes many: each of them takes transactions of its own. */
export const REVOCATIONS_MAX = 500;

const StixId = z.string().min(1).max(300);

export const SharesQuery = z.strictObject({
  after: StixId.optional().meta({ description: '`next` of the previous page' }),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(SHARES_MAX)
    .default(100)
    .meta({ description: 'The maximum number of objects' }),
});

const Share = z.object({
  id: z.string(),
  type: z.string(),
  modified: z.iso.datetime().meta({
    description: 'Of the current version; for an object without versions, when you shared it',
  }),
  shared_at: z.iso.datetime().meta({ description: 'When the server accepted this version' }),
  revoked: z.boolean(),
  tlp: z.enum(TLP_ORDER).meta({ description: 'The level in effect' }),
  through_keys: z.boolean().meta({
    description: 'False for TLP:RED, which no key, feed or webhook gives out',
  }),
  audience: z.array(AudiencePart),
});

export const SharesAnswer = z
  .object({
    shares: z.array(Share),
    next: z.string().nullable().meta({ description: 'For `after`; null on the last page' }),
  })
  .meta({ id: 'Shares' });

export const ShareAnswer = z
  .object({ id: z.string(), shares: z.array(Share.extend(receivers)) })
  .meta({ id: 'SharesOfObject' });

export const Revocations = z
  .strictObject({
    ids: z.array(StixId).min(1).max(REVOCATIONS_MAX).meta({ description: 'STIX ids' }),
  })
  .meta({ id: 'Revocations' });

export const RevocationsAnswer = z
  .object({
    summary: z.object({
      revoked: z.number().int(),
      unchanged: z.number().int().meta({ description: 'Revoked before' }),
      rejected: z.number().int(),
    }),
    results: z.array(
      z.object({
        index: z.number().int().meta({ description: 'Position in `ids`, from 0' }),
        id: z.string(),
        outcome: z.enum(['revoked', 'unchanged', 'rejected']),
        code: z.string().optional(),
        detail: z.string().optional(),
      }),
    ),
  })
  .meta({ id: 'RevocationResults' });
