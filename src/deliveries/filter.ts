import { z } from 'zod';
import { CONTENT_FIELDS } from '../search/filter.ts';
import { termsOf } from '../search/terms.ts';
import type { LogFilter } from '../store/content/log.ts';

/**
 * What a subscription wants; what is left out does not narrow. Withdrawals always come. These are the fields of
 * a search that the content of an object decides: it never ceases to match without a new version.
 */
export const SubscriptionFilter = z.strictObject(CONTENT_FIELDS).meta({ id: 'SubscriptionFilter' });
export type SubscriptionFilter = z.infer<typeof SubscriptionFilter>;

/**
 * As the log reads it; `identities` are those of the organisations that the filter names. A producer is
 * the creator that the object itself names. Who shared it is in no answer, and a filter by it would tell:
 * that organisation is in the audience, which may be a group whose members are hidden.
 */
export function toLogFilter(filter: SubscriptionFilter, identities: readonly string[]): LogFilter {
  const { types, labels, producers, confidence_min, confidence_max, ...content } = filter;
  const named = producers?.filter((name) => name.startsWith('identity--'));
  const terms = termsOf(content, undefined);
  return {
    types,
    labels,
    confidenceMin: confidence_min,
    confidenceMax: confidence_max,
    ...(named === undefined ? {} : { creators: [...named, ...identities] }),
    ...(terms.length === 0 ? {} : { terms }),
  };
}
