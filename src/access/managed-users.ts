/** Which users an administrator may act on, and what such an act says about their standing. */
import { Problem } from '../errors.ts';
import type { Role } from '../sharing/member.ts';
import type { ServerTx } from '../store/postgres/transaction.ts';
import { insertHandedTo, listUsers, type UserView } from '../store/access/users.ts';
import { rolesUpTo, type Administrator } from './administer.ts';

/** Users that are stronger, or of another organisation, do not exist for an administrator. */
export function managedBy({ role, organisation }: Administrator) {
  const roles = rolesUpTo(role);
  return role === 'admin' ? { roles } : { roles, organisationId: organisation?.id ?? 0 };
}

/** Throws Problem not_found. */
export async function findManaged(
  tx: Parameters<typeof listUsers>[0],
  by: Administrator,
  id: string,
): Promise<UserView> {
  const [user] = await listUsers(tx, { ...managedBy(by), id });
  if (user === undefined) throw new Problem('not_found', 'User not found');
  return user;
}

/** Nobody creates, changes into or opens an account that is stronger than their own. */
export function refuseStronger(
  by: Administrator,
  { role, redClearance }: { readonly role: string; readonly redClearance: boolean },
): void {
  if (!rolesUpTo(by.role).some((name: Role) => name === role)) {
    throw new Problem('role_not_allowed', `The role ${role} is stronger than yours`, {
      path: 'body.role',
    });
  }
  if (redClearance && !by.redClearance) {
    throw new Problem(
      'role_not_allowed',
      'Only an admin or a user with RED clearance can give RED clearance',
      {
        path: 'body.red_clearance',
      },
    );
  }
}

/**
 * Records that the standing of a user stems from this administrator, who therefore counts as the
 * same person where two are required. The operator could be anybody, so nothing is recorded.
 */
export async function recordStanding(
  tx: ServerTx,
  by: Administrator,
  userId: string,
): Promise<void> {
  if (by.organisation !== undefined) await insertHandedTo(tx, `user ${userId}`, by.actor);
}
