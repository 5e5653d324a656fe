import { z } from 'zod';
import type { LogFilter } from '../store/log.ts';

const names = z.array(z.string().min(1).max(300)).min(1).max(100);

/** What a subscription wants; what is left out does not narrow. Withdrawals always come. */
export const SubscriptionFilter = z
  .strictObject({
    types: names.optional().meta({ description: 'STIX object types' }),
    labels: names.optional().meta({ description: 'At least one of them' }),
    confidence_min: z.number().int().min(0).max(100).optional(),
    producers: names.optional().meta({
      description: 'Slugs of the organisations that shared it, or STIX identities that created it',
    }),
  })
  .meta({ id: 'SubscriptionFilter' });
export type SubscriptionFilter = z.infer<typeof SubscriptionFilter>;

/** As the log reads it; `producerIds` are the organisations that the slugs mean now. */
export function toLogFilter(filter: SubscriptionFilter, producerIds: readonly number[]): LogFilter {
  const creators = filter.producers?.filter((name) => name.startsWith('identity--'));
  return {
    types: filter.types,
    labels: filter.labels,
    confidenceMin: filter.confidence_min,
    ...(filter.producers === undefined ? {} : { producerIds, creators }),
  };
}
