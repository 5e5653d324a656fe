import type { FastifyRequest } from 'fastify';
import { memberOf } from './access.ts';
import type { Services } from './context.ts';

/**
 * Records for the audit that the caller was given objects by a door: how many (withdrawals
 * counted), and up to which place of the log where it read that. They count as read for its limit.
 */
export function disclose(
  { disclosures, rates }: Services,
  request: FastifyRequest,
  door: string,
  { objects, place = 0 }: { readonly objects: number; readonly place?: number },
): void {
  const { actor, viewer } = memberOf(request);
  const { organisationId, realmId } = viewer;
  rates.charge({ actor, organisationId }, objects);
  disclosures.record({ reader: actor, door, organisationId, realmId, place, objects });
}
