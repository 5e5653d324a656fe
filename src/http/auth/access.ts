/**
 * Who may call a route. Every route declares it in `config.access`; the server does not start when
 * one does not. A key or access token is read and checked before the body is.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { Problem, type ProblemCode } from '../../errors.ts';
import { notActive } from '../../access/not-active.ts';
import type { Administrator, Caller } from '../../access/administer.ts';
import type { Member, Role, SignedIn } from '../../sharing/member.ts';
import { PRODUCTION } from '../../sharing/realm.ts';
import { memberBehind } from './authenticate.ts';
import { clientAddress } from '../edge/client.ts';
import type { Services } from '../context.ts';
import { renewing } from './standing.ts';

/** `public`, or the roles whose keys and users may call it. */
export type Access = 'public' | readonly Role[];

/** Roles by what they may do. */
export const READERS: Access = ['admin', 'org_admin', 'publisher', 'analyst', 'feed'];
export const ANALYSTS: Access = ['admin', 'org_admin', 'publisher', 'analyst'];
export const PUBLISHERS: Access = ['admin', 'org_admin', 'publisher'];
export const ORG_ADMINS: Access = ['admin', 'org_admin'];
export const ADMINS: Access = ['admin'];

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
    /** Whether an organisation without an agreement in force may call it, for its withdrawals. */
    whileInactive?: boolean;
    /** Whether keys of an exercise may call it; what it answers is then of that exercise alone. */
    inExercises?: boolean;
    /** Whether it takes a user in person, since it is about that one: keys are refused. */
    usersOnly?: boolean;
    /** Whether it gives objects, which are counted: it is refused where the quota of them is used up. */
    reads?: boolean;
    /** Whether a user who still has to install a second factor may call it. */
    withoutSecondFactor?: boolean;
  }
  interface FastifyRequest {
    member: Member | undefined;
    caller: Caller | undefined;
    /** When the caller was authenticated last. */
    admittedMs: number;
    /** The code of the problem that the request was answered with. */
    problem: string | undefined;
  }
}

/**
 * A caller whose body arrives later than this after its credential is authenticated again, for requests that
 * only read. What writes asks in its transaction (sharing/standing.ts).
 */
const LATE_MS = 1000;

/** Refuses routes that do not say who may call them, and callers who may not. */
export function guardRoutes(app: FastifyInstance, services: Services): void {
  app.decorateRequest('member', undefined);
  app.decorateRequest('caller', undefined);
  app.decorateRequest('admittedMs', 0);
  app.decorateRequest('problem', undefined);
  const routes: RouteOptions[] = [];
  app.addHook('onRoute', (route) => {
    routes.push(route);
    if (route.config?.access === 'public') return;
    route.handler = renewing(route.handler, (request) => readmit(services, request));
  });
  app.addHook('onReady', async () => {
    const open = routes.find(({ config }) => config?.access === undefined);
    if (open !== undefined) {
      throw new Error(`${String(open.method)} ${open.url} does not declare who may call it`);
    }
  });
  app.addHook('onRequest', async (request, reply) => {
    if (request.is404 || request.routeOptions.config.access === 'public') return;
    const member = await admitted(services, request, reply);
    if (member.viewer.realmId !== PRODUCTION) reply.header('tocsin-realm', member.realm.slug);
    letIn(services, request, member);
  });
  app.addHook('preHandler', async (request) => {
    const waitedMs = services.clock.now().getTime() - request.admittedMs;
    if (request.caller !== undefined && waitedMs > LATE_MS) await readmit(services, request);
  });
}

/**
 * Authenticates the caller again in the course of its request, for what it may do by now. Throws the
 * Problem that a new request would get.
 */
export async function readmit(services: Services, request: FastifyRequest): Promise<void> {
  letIn(services, request, await memberBehind(services, request));
}

/** Throws Problem role_not_allowed, realm_not_allowed, user_needed or organisation_not_active. */
function letIn({ clock }: Services, request: FastifyRequest, member: Member): void {
  const { access, whileInactive, inExercises, usersOnly } = request.routeOptions.config;
  request.member = member;
  request.caller = { standing: member.standing, clock };
  request.admittedMs = clock.now().getTime();
  refuseRole(member, access === 'public' ? [] : (access ?? []));
  if (inExercises !== true) refusePlayers(member);
  if (usersOnly === true && member.user === undefined) {
    throw new Problem('user_needed', 'Sign in as a user: this endpoint does not accept API keys');
  }
  if (!member.active && whileInactive !== true) {
    throw notActive(member);
  }
}

/** Whose key or session it is, unless it has asked too much; the answer tells how much is left. */
async function admitted(
  services: Services,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Member> {
  const member = await knownMember(services, request);
  const { actor, organisation } = member;
  const payer = { actor, organisationId: organisation.id };
  const reads = request.routeOptions.config.reads === true;
  reply.headers(await services.rates.admit(payer, { reads }));
  return member;
}

const WRONG: ReadonlySet<string> = new Set<ProblemCode>(['key_invalid', 'token_invalid']);

/**
 * The member behind a request; wrong keys are counted by network.
 * A right key is let in however many wrong ones came from the same network: its secret is 256
 * random bits, and nobody shall be shut out by what a neighbour tries.
 */
export async function knownMember(services: Services, request: FastifyRequest): Promise<Member> {
  try {
    return await memberBehind(services, request);
  } catch (error) {
    if (error instanceof Problem && WRONG.has(error.code)) {
      await services.rates.wrongKey(clientAddress(request));
    }
    throw error;
  }
}

function refuseRole(member: Member, roles: readonly Role[]): void {
  if (roles.includes(member.role)) return;
  throw new Problem(
    'role_not_allowed',
    `This requires a key or user of role ${roles.join(' or ')}`,
  );
}

function refusePlayers({ viewer, realm }: Member): void {
  if (viewer.realmId === PRODUCTION) return;
  throw new Problem('realm_not_allowed', `This endpoint does not accept keys of ${realm.name}`);
}

/** The member behind a request to a route that is not public. */
export function memberOf(request: FastifyRequest): Member {
  if (request.member === undefined) throw new Error('A public route asked for its member');
  return request.member;
}

/** The user behind a request to a route that is for users only. */
export function userOf(request: FastifyRequest): SignedIn {
  const { user } = memberOf(request);
  if (user === undefined) throw new Error('A route that keys may call asked for its user');
  return user;
}

/** The member behind a request as one who changes what members are and may. */
export function administratorOf(request: FastifyRequest): Administrator {
  const { actor, address, keyId, user, role, organisation, viewer } = memberOf(request);
  const { id: requestId, caller } = request;
  const { realmId } = viewer;
  const redClearance = role === 'admin' || user?.redClearance === true;
  const requester = { actor, address, keyId, userId: user?.id, requestId, caller };
  return { ...requester, role, organisation, redClearance, realmId };
}
