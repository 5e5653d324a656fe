/** What administrators do with users: invite them, change what they may, let them in anew. */
import { Problem } from '../errors.ts';
import { ROLES, type Role } from '../sharing/member.ts';
import { PRODUCTION } from '../sharing/realm.ts';
import type { Database } from '../store/database.ts';
import { findOrganisationId } from '../store/organisations.ts';
import { setSecret } from '../store/second-factors.ts';
import { endSessions } from '../store/sessions.ts';
import type { ServerTx } from '../store/transaction.ts';
import {
  deleteInvitations,
  insertHandedTo,
  insertInvitation,
  insertUser,
  listUsers,
  updateUser,
  type UserView,
} from '../store/users.ts';
import { administer, keepingAnAdmin, rolesUpTo, type Administrator } from './administer.ts';
import { newToken } from './links.ts';

export const USER_ROLES = ['admin', 'org_admin', 'publisher', 'analyst'] as const;
export type UserRole = (typeof USER_ROLES)[number];

const INVITATION_MS = 7 * 24 * 3600 * 1000;

export interface UserWish {
  /** Its slug. */
  readonly organisation: string;
  readonly email: string;
  readonly name: string;
  readonly role: UserRole;
  readonly redClearance: boolean;
}

/** A user with the token of a link by which that one comes in, kept nowhere and shown this once. */
export interface Invited {
  readonly user: UserView;
  readonly token: string;
  readonly expiresAt: Date;
}

/**
 * Makes a user who may come in by a link. Throws Problem role_not_allowed for what is stronger
 * than who asks, not_found or email_taken.
 */
export async function inviteUser(
  db: Database,
  by: Administrator,
  wish: UserWish,
  now: Date,
): Promise<Invited> {
  const { organisation, role, redClearance } = wish;
  if (by.role !== 'admin' && by.organisation?.slug !== organisation) {
    throw new Problem('role_not_allowed', 'You invite users of your own organisation only', {
      path: 'body.organisation',
    });
  }
  refuseStronger(by, { role, redClearance });
  const describe = ({ user }: Invited) => ({ user: user.id, organisation, role, redClearance });
  return administer(db, by, { action: 'user.invite', describe }, async (tx) => {
    const organisationId = await findOrganisationId(tx, organisation);
    if (organisationId === undefined) {
      throw new Problem('not_found', `There is no organisation ${organisation}`, {
        path: 'body.organisation',
      });
    }
    const email = wish.email.toLowerCase();
    const id = await insertUser(tx, { ...wish, email, organisationId, realmId: PRODUCTION });
    if (id === undefined) {
      throw new Problem('email_taken', 'There is a user of this address', { path: 'body.email' });
    }
    return inviteAgain(tx, by, await find(tx, by, id), now);
  });
}

/** The users that are not stronger than who asks, of its organisation or, for an admin, of any. */
export async function readUsers(
  db: Database,
  by: Administrator,
  organisation?: string,
): Promise<UserView[]> {
  const users = await listUsers(db.server, mine(by));
  return users.filter((user) => organisation === undefined || user.organisation === organisation);
}

/** Throws Problem not_found. */
export async function readUser(db: Database, by: Administrator, id: string): Promise<UserView> {
  const [user] = await listUsers(db.server, { ...mine(by), id });
  if (user === undefined) throw unknown();
  return user;
}

export interface UserChange {
  readonly name?: string | undefined;
  readonly role?: UserRole | undefined;
  readonly redClearance?: boolean | undefined;
  readonly status?: 'active' | 'disabled' | undefined;
}

/**
 * Changes what is given, with effect on open sessions at once; disabling ends them.
 * Throws Problem not_found, role_not_allowed, last_admin, or invalid_request for a user who has
 * not come in yet and is to be active.
 */
export async function changeUser(
  db: Database,
  by: Administrator,
  id: string,
  change: UserChange,
  now: Date,
): Promise<UserView> {
  const { name: _, ...told } = change;
  const detail = { user: id, ...withoutGaps(told), changed: Object.keys(withoutGaps(change)) };
  return administer(db, by, { action: 'user.change', describe: () => detail }, async (tx) => {
    const user = await find(tx, by, id);
    const status = change.status ?? user.status;
    if (change.status === 'active' && !user.hasPassword && user.issuer === null) {
      throw new Problem('invalid_request', 'Who has not come in yet is invited, not active', {
        path: 'body.status',
      });
    }
    const role = change.role ?? user.role;
    const redClearance = change.redClearance ?? user.redClearance;
    const gains = (redClearance && !user.redClearance) || isRaised(user, { role, status });
    if (gains) refuseStronger(by, { role, redClearance });
    const record = { name: change.name ?? user.name, role, redClearance, status };
    await keepingAnAdmin(tx, now, () => updateUser(tx, id, record));
    if (status === 'disabled') {
      await endSessions(tx, id, now);
      await deleteInvitations(tx, id);
    }
    return find(tx, by, id);
  });
}

/** A user who becomes more than he was. */
function isRaised(user: UserView, { role, status }: { role: string; status: string }): boolean {
  const place = (name: string): number => ROLES.findIndex((one) => one === name);
  return place(role) < place(user.role) || (status === 'active' && user.status !== 'active');
}

/**
 * Makes a new link for a user: for who has not come in yet, or has lost the password. Older links
 * end. Throws Problem not_found or role_not_allowed.
 */
export async function renewInvitation(
  db: Database,
  by: Administrator,
  id: string,
  now: Date,
): Promise<Invited> {
  const act = { action: 'user.invite_again', describe: () => ({ user: id }) };
  return administer(db, by, act, async (tx) => {
    const user = await find(tx, by, id);
    refuseStronger(by, user);
    if (user.status === 'disabled') {
      throw new Problem('invalid_request', 'The user is disabled: make it active first');
    }
    return inviteAgain(tx, by, user, now);
  });
}

/**
 * Takes the second factor of a user away, and ends the sessions. Throws Problem not_found or
 * role_not_allowed.
 */
export async function resetSecondFactor(
  db: Database,
  by: Administrator,
  id: string,
  now: Date,
): Promise<void> {
  const act = { action: 'user.reset_second_factor', describe: () => ({ user: id }) };
  await administer(db, by, act, async (tx) => {
    refuseStronger(by, await find(tx, by, id));
    await setSecret(tx, id, undefined);
    await endSessions(tx, id, now);
    await markHanded(tx, by, id);
  });
}

async function inviteAgain(
  tx: ServerTx,
  by: Administrator,
  user: UserView,
  now: Date,
): Promise<Invited> {
  const { text, hash } = newToken();
  const expiresAt = new Date(now.getTime() + INVITATION_MS);
  await deleteInvitations(tx, user.id);
  await insertInvitation(tx, { tokenHash: hash, userId: user.id, expiresAt });
  await markHanded(tx, by, user.id);
  return { user, token: text, expiresAt };
}

/** Who holds the link could be the one who comes in; the operator could be anybody anyway. */
async function markHanded(tx: ServerTx, by: Administrator, id: string): Promise<void> {
  if (by.organisation !== undefined) await insertHandedTo(tx, `user ${id}`, by.actor);
}

/** No one makes, changes into or opens what is more than himself. */
function refuseStronger(
  by: Administrator,
  { role, redClearance }: { readonly role: string; readonly redClearance: boolean },
): void {
  if (!rolesUpTo(by.role).some((name: Role) => name === role)) {
    throw new Problem('role_not_allowed', `The role ${role} is stronger than yours`, {
      path: 'body.role',
    });
  }
  if (redClearance && !by.redClearance) {
    throw new Problem('role_not_allowed', 'Only who has RED clearance himself, or an admin, may', {
      path: 'body.red_clearance',
    });
  }
}

async function find(tx: ServerTx, by: Administrator, id: string): Promise<UserView> {
  const [user] = await listUsers(tx, { ...mine(by), id });
  if (user === undefined) throw unknown();
  return user;
}

/** What is stronger than who asks, or another organisation's, is not there. */
function mine({ role, organisation }: Administrator) {
  const roles = rolesUpTo(role);
  return role === 'admin' ? { roles } : { roles, organisationId: organisation?.id ?? 0 };
}

function withoutGaps<T extends object>(change: T): { [name: string]: string | boolean } {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
}

function unknown(): Problem {
  return new Problem('not_found', 'There is no such user for you');
}
