import type { FastifyRequest } from 'fastify';
import {
  authenticate,
  authenticateSession,
  type Presented,
} from '../organisations/authenticate.ts';
import type { Member } from '../sharing/member.ts';
import { isAccessToken, readAccessToken } from './access-tokens.ts';
import type { Services } from './context.ts';
import { presented } from './credentials.ts';

/**
 * The member behind a request, by its key or its access token, as things stand at this moment.
 * Throws as presented, authenticate, readAccessToken and authenticateSession.
 */
export async function memberBehind(services: Services, request: FastifyRequest): Promise<Member> {
  const given = presented(request);
  return { ...(await memberOfKey(services, request, given)), address: given.address };
}

async function memberOfKey(
  services: Services,
  request: FastifyRequest,
  given: Presented,
): Promise<Member> {
  if (!isAccessToken(given.key)) return authenticate(services, given);
  const { sessionId, userId } = readAccessToken(request.server, services, given.key);
  return authenticateSession(services, sessionId, userId);
}
