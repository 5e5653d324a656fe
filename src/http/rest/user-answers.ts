import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Invited } from '../../access/user-resets.ts';
import type { UserView } from '../../store/access/users.ts';
import { ownOrigin } from '../edge/client.ts';
import type { Services } from '../context.ts';
import { timeOf } from './schemas/member.ts';
import { UserAnswer } from './schemas/user.ts';

/** Where links lead. Without a public URL, that is where this administrator reached the server. */
export function originOfLinks(services: Services, request: FastifyRequest): string {
  return services.publicUrl ?? ownOrigin(services, request);
}

/** A user with the link to give to them; `origin` is the address of the server. */
export function toInvited({ user, token, expiresAt }: Invited, origin: string) {
  const link = `${origin}/#/invitation/${token}`;
  return { ...toUser(user), invitation: { token, link, expires_at: expiresAt.toISOString() } };
}

/** A user as administrators see it. */
export function toUser(user: UserView): z.infer<typeof UserAnswer> {
  return {
    id: user.id,
    organisation: user.organisation,
    email: user.email,
    name: user.name,
    role: UserAnswer.shape.role.parse(user.role),
    red_clearance: user.redClearance,
    status: UserAnswer.shape.status.parse(user.status),
    second_factor: user.hasSecondFactor,
    single_sign_on: user.issuer !== null,
    created_at: user.createdAt.toISOString(),
    last_sign_in_at: timeOf(user.lastSignInAt),
  };
}
