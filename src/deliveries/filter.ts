import { z } from 'zod';
import type { LogFilter } from '../store/content/log.ts';
import { ProducerName, TypeName } from '../search/names.ts';

const names = z.array(z.string().min(1).max(300)).min(1).max(100);
const types = z.array(TypeName).min(1).max(100);
const producers = z.array(ProducerName).min(1).max(100);

/** What a subscription wants; what is left out does not narrow. Withdrawals always come. */
export const SubscriptionFilter = z
  .strictObject({
    types: types.optional().meta({ description: 'STIX object types' }),
    labels: names.optional().meta({ description: 'At least one of them' }),
    confidence_min: z.number().int().min(0).max(100).optional(),
    producers: producers.optional().meta({
      description: 'Who created it: slugs of organisations, or STIX identities',
    }),
  })
  .meta({ id: 'SubscriptionFilter' });
export type SubscriptionFilter = z.infer<typeof SubscriptionFilter>;

/**
 * As the log reads it; `identities` are those of the organisations that the filter names. A producer is
 * the creator that the object itself names. Who shared it is in no answer, and a filter by it would tell:
 * that organisation is in the audience, which may be a group whose members are hidden.
 */
export function toLogFilter(filter: SubscriptionFilter, identities: readonly string[]): LogFilter {
  const named = filter.producers?.filter((name) => name.startsWith('identity--'));
  return {
    types: filter.types,
    labels: filter.labels,
    confidenceMin: filter.confidence_min,
    ...(named === undefined ? {} : { creators: [...named, ...identities] }),
  };
}
