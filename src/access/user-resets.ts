/**
 * What administrators do for a user who is locked out. An administrator then holds what opens the
 * account, so the user's organisation reads it in the audit and in its notices, the user sees it at
 * each sign-in for a month, and resetting both a password and a second factor needs two people.
 */
import { Problem } from '../errors.ts';
import { insertReset, isOwnReset, type ResetKind } from '../store/access/account-resets.ts';
import type { Database } from '../store/postgres/database.ts';
import { deleteInvitations, insertInvitation } from '../store/access/invitations.ts';
import { setSecret } from '../store/access/second-factors.ts';
import { endSessions } from '../store/access/sessions.ts';
import type { ServerTx } from '../store/postgres/transaction.ts';
import { clearIdentity, forgetHandedTo, type UserView } from '../store/access/users.ts';
import { administer, type Administrator } from './administer.ts';
import { newToken } from './links.ts';
import { findManaged, recordStanding, refuseStronger } from './managed-users.ts';

const INVITATION_MS = 7 * 24 * 3600 * 1000;

/** A user with the token of a link, which is shown only once and stored only as a hash. */
export interface Invited {
  readonly user: UserView;
  readonly token: string;
  readonly expiresAt: Date;
}

/**
 * Makes the link by which a user sets a password; earlier links end. It ends with the key or user that
 * asks for it.
 */
export async function giveLink(
  tx: ServerTx,
  by: Administrator,
  user: UserView,
  now: Date,
): Promise<Invited> {
  const { text, hash: tokenHash } = newToken();
  const inAWeek = new Date(now.getTime() + INVITATION_MS);
  const madeBy = by.organisation === undefined ? null : by.actor;
  await deleteInvitations(tx, user.id);
  const link = { tokenHash, userId: user.id, expiresAt: inAWeek, madeBy, keyId: by.keyId };
  const expiresAt = await insertInvitation(tx, link);
  await recordStanding(tx, by, user.id);
  return { user, token: text, expiresAt };
}

/**
 * Makes a new link for a user. For one who has not accepted an invitation it replaces the first
 * link; for one who has, it resets the password, and the sessions of the user end.
 * Throws Problem not_found, role_not_allowed, second_person_needed, or invalid_request.
 */
export async function renewLink(
  db: Database,
  by: Administrator,
  id: string,
  now: Date,
): Promise<Invited> {
  const act = {
    action: ({ user }: Invited) =>
      user.status === 'invited' ? 'user.invite_again' : RESET.password,
    describe: () => ({ user: id }),
    about: ({ user }: Invited) => [user],
  };
  return administer(db, by, act, async (tx) => {
    const user = await findManaged(tx, by, id);
    refuseStronger(by, user);
    if (user.status === 'disabled') {
      throw new Problem('invalid_request', 'The user is disabled. Set `status` to `active` first');
    }
    if (user.status === 'active') await recordReset(tx, by, user, { kind: 'password', now });
    return giveLink(tx, by, user, now);
  });
}

/**
 * Removes the second factor of a user, and ends the sessions. Throws Problem not_found,
 * role_not_allowed or second_person_needed.
 */
export async function resetSecondFactor(
  db: Database,
  by: Administrator,
  id: string,
  now: Date,
): Promise<void> {
  const act = { action: RESET.second_factor, describe: () => ({ user: id }), about };
  await administer(db, by, act, async (tx) => {
    const user = await findManaged(tx, by, id);
    refuseStronger(by, user);
    await recordReset(tx, by, user, { kind: 'second_factor', now });
    await setSecret(tx, id, undefined);
    await recordStanding(tx, by, id);
    return user;
  });
}

/**
 * Unbinds a user from the identity provider, and ends the sessions. A user without a password
 * then needs a new link. Throws Problem not_found, role_not_allowed or identity_missing.
 */
export async function resetIdentity(
  db: Database,
  by: Administrator,
  id: string,
  now: Date,
): Promise<void> {
  const act = { action: RESET.identity, describe: () => ({ user: id }), about };
  await administer(db, by, act, async (tx) => {
    const user = await findManaged(tx, by, id);
    refuseStronger(by, user);
    if (!(await clearIdentity(tx, id))) throw notBound();
    await recordReset(tx, by, user, { kind: 'identity', now });
    await recordStanding(tx, by, id);
    return user;
  });
}

/** No identity is linked to the user. */
export function notBound(): Problem {
  return new Problem(
    'identity_missing',
    'No identity is linked to this user, so there is nothing to unlink',
  );
}

/**
 * Declares that a user is a person in their own right: those who invited, promoted or reset
 * them count as other people from now on. For the operator alone. Throws Problem not_found.
 */
export async function vouchFor(db: Database, operator: Administrator, id: string): Promise<void> {
  const act = { action: 'user.vouch', describe: () => ({ user: id }), about };
  await administer(db, operator, act, async (tx) => {
    const user = await findManaged(tx, operator, id);
    await forgetHandedTo(tx, `user ${id}`);
    return user;
  });
}

const about = (user: UserView): readonly UserView[] => [user];

const RESET: Record<ResetKind, string> = {
  password: 'user.reset_password',
  second_factor: 'user.reset_second_factor',
  identity: 'user.unlink_identity',
};

/** What else, in the same hand, would open the account. */
const COUNTERPART: Partial<Record<ResetKind, ResetKind>> = {
  password: 'second_factor',
  second_factor: 'password',
};

/** Ends the sessions, and tells the user. */
async function recordReset(
  tx: ServerTx,
  by: Administrator,
  user: UserView,
  { kind, now }: { readonly kind: ResetKind; readonly now: Date },
): Promise<void> {
  const counterpart = COUNTERPART[kind];
  if (by.organisation !== undefined && counterpart !== undefined) {
    const own = await isOwnReset(tx, user.id, { kind: counterpart, actor: by.actor });
    if (own) throw sameHand();
  }
  await insertReset(tx, user.id, { kind, actor: by.actor, at: now });
  await endSessions(tx, user.id, now);
}

function sameHand(): Problem {
  return new Problem(
    'second_person_needed',
    'You reset the other half of this account. Ask another administrator, or wait until the user has signed in',
  );
}
