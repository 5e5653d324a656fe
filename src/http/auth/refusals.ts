import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ProblemCode } from '../../errors.ts';
import { readKey } from '../../access/keys.ts';
import { clientAddress } from '../edge/client.ts';
import type { Services } from '../context.ts';
import { presented } from './credentials.ts';
import type { Member } from '../../sharing/member.ts';

/** Codes that only the holder of a key's secret receives: the key is known, although it was rejected. */
const PROVEN: ReadonlySet<string | undefined> = new Set<ProblemCode>([
  'key_expired',
  'key_revoked',
  'network_not_allowed',
  'organisation_not_active',
  'realm_not_allowed',
  'role_not_allowed',
]);

declare module 'fastify' {
  interface FastifyRequest {
    /** The users as whom somebody may have tried to sign in: all of the address. */
    triedUserIds: readonly string[] | undefined;
    /** Who authenticated and was still not let in. */
    refusedMember: Member | undefined;
  }
}

const REFUSALS: ReadonlySet<number> = new Set([401, 403, 429]);

/** Records every 401, 403 and 429 for the audit. */
export function auditRefusals(app: FastifyInstance, { refusals }: Services): void {
  app.decorateRequest('triedUserIds', undefined);
  app.decorateRequest('refusedMember', undefined);
  app.addHook('onResponse', async (request, reply) => {
    const status = reply.statusCode;
    if (!REFUSALS.has(status)) return;
    const member = knownMember(request);
    for (const userId of usersOf(request)) {
      refusals.record({
        keyId: member?.keyId ?? refusedKey(request),
        userId,
        inPerson: member?.user !== undefined,
        address: clientAddress(request),
        method: request.method,
        route: request.routeOptions.url ?? '(none)',
        code: request.problem ?? String(status),
      });
    }
  });
}

/** The users of whose organisations the audit records it; null where nobody is known. */
function usersOf(request: FastifyRequest): readonly (string | null)[] {
  const { triedUserIds = [] } = request;
  const member = knownMember(request);
  if (member !== undefined) return [member.user?.id ?? null];
  return triedUserIds.length === 0 ? [null] : triedUserIds;
}

function knownMember({ member, refusedMember }: FastifyRequest): Member | undefined {
  return member ?? refusedMember;
}

function refusedKey(request: FastifyRequest): string | null {
  if (knownMember(request) !== undefined || !PROVEN.has(request.problem)) return null;
  return readKey(presented(request).key)?.id ?? null;
}
