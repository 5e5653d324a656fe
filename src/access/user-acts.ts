/** What administrators do with users: invite them, change what they may do, disable them. */
import { Problem } from '../errors.ts';
import { ROLES } from '../sharing/member.ts';
import { PRODUCTION } from '../sharing/realm.ts';
import type { Database } from '../store/postgres/database.ts';
import { withQuota } from '../store/content/quotas.ts';
import { endKeysMadeBy } from '../store/access/keys.ts';
import { findOrganisationId } from '../store/members/organisations.ts';
import { endSessions } from '../store/access/sessions.ts';
import type { ServerTx } from '../store/postgres/transaction.ts';
import { deleteInvitations } from '../store/access/invitations.ts';
import { deleteInvitationsBy, findKeysMadeBy } from '../store/access/user-endings.ts';
import { insertUser, listUsers, updateUser, type UserView } from '../store/access/users.ts';
import { administer, keepingAnAdmin, type Administrator } from './administer.ts';
import { findManaged, managedBy, recordStanding, refuseStronger } from './managed-users.ts';
import { giveLink, type Invited } from './user-resets.ts';

export const USER_ROLES = ['admin', 'org_admin', 'publisher', 'analyst'] as const;
export type UserRole = (typeof USER_ROLES)[number];

export interface UserInput {
  /** Its slug. */
  readonly organisation: string;
  readonly email: string;
  /** The address unless given. */
  readonly name?: string | undefined;
  readonly role: UserRole;
  readonly redClearance: boolean;
  /** How many users the organisation may have; no limit unless given. */
  readonly quota?: number | undefined;
}

/**
 * Creates a user and the link by which they set a password. Throws Problem role_not_allowed for a
 * user stronger than the administrator, not_found, user_limit or email_taken.
 */
export async function inviteUser(
  db: Database,
  by: Administrator,
  input: UserInput,
  now: Date,
): Promise<Invited> {
  const { organisation, role, redClearance } = input;
  if (by.role !== 'admin' && by.organisation?.slug !== organisation) {
    throw new Problem('role_not_allowed', 'You can invite users of your own organisation only', {
      path: 'body.organisation',
    });
  }
  refuseStronger(by, { role, redClearance });
  const act = {
    action: 'user.invite',
    describe: ({ user }: Invited) => ({
      user: user.id,
      organisation,
      role,
      red_clearance: redClearance,
    }),
    about: ({ user }: Invited) => [user],
  };
  return administer(db, by, act, async (tx) => {
    const organisationId = await findOrganisationId(tx, organisation);
    if (organisationId === undefined) {
      throw new Problem('not_found', `There is no organisation ${organisation}`, {
        path: 'body.organisation',
      });
    }
    if (input.quota !== undefined) await withQuota(tx, organisationId, 'users', input.quota);
    const email = input.email.toLowerCase();
    const { name = email } = input;
    const id = await insertUser(tx, { ...input, name, email, organisationId, realmId: PRODUCTION });
    if (id === undefined) {
      throw new Problem('email_taken', `${organisation} already has a user with this address`, {
        path: 'body.email',
      });
    }
    return giveLink(tx, by, await findManaged(tx, by, id), now);
  });
}

/** The users that are not stronger than `by`, of its organisation or, for an admin, of any. */
export async function readUsers(
  db: Database,
  by: Administrator,
  { organisation, after, limit }: UserSearch = {},
): Promise<UserView[]> {
  if (after !== undefined) await refuseUnseen(db, by, after);
  return listUsers(db.server, { ...managedBy(by), organisation, after, limit });
}

export interface UserSearch {
  /** A slug. */
  readonly organisation?: string | undefined;
  /** Only those after this user, the last one of the page before. */
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
}

/** A page begins after a user whom the caller sees: others must not be found by their place among these. */
async function refuseUnseen(db: Database, by: Administrator, id: string): Promise<void> {
  const [user] = await listUsers(db.server, { ...managedBy(by), id });
  if (user !== undefined) return;
  throw new Problem('invalid_request', 'Use `next` of the page before.', {
    path: 'querystring.after',
  });
}

/** Throws Problem not_found. */
export async function readUser(db: Database, by: Administrator, id: string): Promise<UserView> {
  return findManaged(db.server, by, id);
}

export interface UserChange {
  readonly name?: string | undefined;
  readonly role?: UserRole | undefined;
  readonly redClearance?: boolean | undefined;
  readonly status?: 'active' | 'disabled' | undefined;
}

/**
 * Changes what is given, with effect on open sessions at once. Disabling a user ends their
 * sessions, the keys they made and the invitations they gave; lowering their role ends the keys
 * they made that are stronger, and the invitations where they may not invite any more. Throws Problem not_found,
 * role_not_allowed, last_admin, or invalid_request for activating a user who has not accepted an
 * invitation.
 */
export async function changeUser(
  db: Database,
  by: Administrator,
  id: string,
  change: UserChange,
  now: Date,
): Promise<UserView> {
  const { role: newRole, status: newStatus, redClearance: red_clearance } = change;
  const told = withoutGaps({ role: newRole, status: newStatus, red_clearance });
  const changed = Object.keys(withoutGaps({ name: change.name, ...told }));
  const detail = { user: id, ...told, changed };
  const act = {
    action: 'user.change',
    describe: ({ ended }: Changed) => ({
      ...detail,
      ...(ended === undefined ? {} : { ended: { ...ended, keys: [...ended.keys] } }),
    }),
    about: ({ user }: Changed) => [user],
  };
  const { user: after } = await administer(db, by, act, async (tx) => {
    const user = await findManaged(tx, by, id);
    const status = change.status ?? user.status;
    if (change.status === 'active' && !user.hasPassword && user.issuer === null) {
      throw new Problem('invalid_request', 'The user has not accepted an invitation yet', {
        path: 'body.status',
      });
    }
    const role = change.role ?? user.role;
    const redClearance = change.redClearance ?? user.redClearance;
    const raised = isRaised(user, { role, status });
    if (raised || (redClearance && !user.redClearance)) {
      refuseStronger(by, { role, redClearance });
    }
    if (raised) await recordStanding(tx, by, id);
    const record = { name: change.name ?? user.name, role, redClearance, status };
    const ended = await keepingAnAdmin(tx, now, async () => {
      await updateUser(tx, id, record);
      if (status === 'disabled') return endWorkOf(tx, id, now);
      // A key that may do more than the user now may would be a way around the change.
      const but = ROLES.slice(ROLES.findIndex((one) => one === role));
      await endKeysMadeBy(tx, id, now, { but });
      if (role !== 'admin' && role !== 'org_admin') await deleteInvitationsBy(tx, id);
      return undefined;
    });
    return { user: await findManaged(tx, by, id), ended };
  });
  return after;
}

interface Changed {
  readonly user: UserView;
  readonly ended: Ended | undefined;
}

/** What ended with a user who was disabled. */
interface Ended {
  readonly sessions: number;
  /** Their ids. */
  readonly keys: readonly string[];
  readonly invitations: number;
}

/** Ends the sessions of a user, the keys they made and the invitations that they and those keys gave. */
export async function endWorkOf(tx: ServerTx, id: string, now: Date): Promise<Ended> {
  const sessions = await endSessions(tx, id, now);
  await deleteInvitations(tx, id);
  const keys = await findKeysMadeBy(tx, id, now);
  await endKeysMadeBy(tx, id, now);
  return { sessions, keys, invitations: await deleteInvitationsBy(tx, id) };
}

/** Whether a user becomes more than they were. */
function isRaised(user: UserView, { role, status }: { role: string; status: string }): boolean {
  const place = (name: string): number => ROLES.findIndex((one) => one === name);
  return place(role) < place(user.role) || (status === 'active' && user.status !== 'active');
}

function withoutGaps<T extends object>(change: T): { [name: string]: string | boolean } {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
}
