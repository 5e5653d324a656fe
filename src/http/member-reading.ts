import type { FastifyRequest } from 'fastify';
import type { MemberReading } from '../reading/metered.ts';
import { memberOf } from './auth/access.ts';
import type { Services } from './context.ts';

/** The member behind a request as one that reads shared content. Its route declares `reads`. */
export function readingOf(services: Services, request: FastifyRequest): MemberReading {
  const { config, url } = request.routeOptions;
  // Otherwise a caller could read beyond its quota.
  if (config.reads !== true) throw new Error(`${url ?? ''} reads and does not declare it`);
  const { db, disclosures, rates: quota } = services;
  return { db, disclosures, quota, member: memberOf(request) };
}
