import type { FastifyRequest } from 'fastify';
import type { Member } from '../sharing/member.ts';
import { memberOf } from './auth/access.ts';
import type { Services } from './context.ts';

interface Given {
  /** Withdrawals are counted too. */
  readonly objects: number;
  /** The place of the log up to which the caller has read, where it reads the log. */
  readonly place?: number;
}

/**
 * Records for the audit that the caller was given objects by a door, and counts them against its
 * quota.
 */
export function disclose(
  services: Services,
  request: FastifyRequest,
  door: string,
  given: Given,
): void {
  const member = memberOf(request);
  const { actor, viewer } = member;
  // Otherwise a caller could go on reading beyond its quota.
  if (request.routeOptions.config.reads !== true) throw new Error(`${door} does not say \`reads\``);
  services.rates.charge({ actor, organisationId: viewer.organisationId }, given.objects);
  recordDisclosure(services, member, door, given);
}

/** The record alone, for a door that counts against the quota before it gives. */
export function recordDisclosure(
  { disclosures }: Pick<Services, 'disclosures'>,
  { actor, viewer }: Member,
  door: string,
  { objects, place = 0 }: Given,
): void {
  const { organisationId, realmId } = viewer;
  disclosures.record({ reader: actor, door, organisationId, realmId, place, objects });
}
