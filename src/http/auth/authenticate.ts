import type { FastifyRequest } from 'fastify';
import { Problem } from '../../errors.ts';
import {
  authenticate,
  authenticateSession,
  lacksSecondFactor,
  type Presented,
} from '../../access/authenticate.ts';
import type { Member } from '../../sharing/member.ts';
import { isAccessToken, readAccessToken } from './access-tokens.ts';
import type { Services } from '../context.ts';
import { presented } from './credentials.ts';

/**
 * The member behind a request, by its key or its access token, as things stand at this moment.
 * Throws as presented, authenticate, readAccessToken and authenticateSession, and Problem
 * second_factor_required.
 */
export async function memberBehind(services: Services, request: FastifyRequest): Promise<Member> {
  const given = presented(request);
  const member = await memberOfKey(services, request, given);
  const { withoutSecondFactor } = request.routeOptions.config;
  if (services.secondFactorRequired && withoutSecondFactor !== true && lacksSecondFactor(member)) {
    request.refusedMember = member;
    throw new Problem(
      'second_factor_required',
      'Set one up with POST /api/v1/me/second-factor. Until then this session can do nothing else',
    );
  }
  return { ...member, address: given.address };
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
