/**
 * Who somebody is whom the identity provider names. A user is known by issuer and subject. The first
 * time, an invitation or the invited address says which account is meant; it is bound only after
 * that person has seen whose account it is and confirmed it, since a link can come from anybody.
 */
import { Problem } from '../errors.ts';
import { PRODUCTION } from '../sharing/realm.ts';
import { appendServerAudit } from '../store/audit/record.ts';
import {
  deleteInvitations,
  findInvited,
  isStillInvited,
  takeInvitation,
} from '../store/access/invitations.ts';
import { findOrganisationId } from '../store/members/organisations.ts';
import type { ServerTx } from '../store/postgres/transaction.ts';
import {
  activateUser,
  findUser,
  findUsersOf,
  insertUser,
  setIdentity,
  type UserRecord,
} from '../store/access/users.ts';
import { hashToken } from './links.ts';
import type { ActOrigin } from './sessions.ts';

/** Somebody at the identity provider. */
export interface Identity {
  readonly issuer: string;
  readonly subject: string;
  /** In lower case; undefined unless the provider has verified it. */
  readonly email: string | undefined;
}

export interface Stranger extends Identity {
  readonly name: string | undefined;
  /** The token of the link that they followed. */
  readonly invitation: string | undefined;
  /** The slug of the organisation whose analyst they become where they are nobody yet. */
  readonly organisation: string | undefined;
  readonly now: Date;
}

/** A user; where the identity still has to be linked to the account, by which invitation. */
export interface Recognised {
  readonly user: UserRecord;
  readonly bound: boolean;
  /** The token of the link that led here; undefined where the address did. */
  readonly invitation?: string | undefined;
}

/**
 * The user who this is, or who this could become. An account that has been used is never found
 * by its address: the next person with that address is somebody else. Throws Problem
 * single_sign_on_unknown or identity_mismatch.
 */
export async function recognise(
  tx: ServerTx,
  stranger: Stranger,
  origin: ActOrigin,
): Promise<Recognised> {
  const { issuer, subject } = stranger;
  const known = await findUser(tx, { issuer, subject }, { lock: true });
  if (known !== undefined) return { user: refuseInactive(known), bound: true };
  const { invitation } = stranger;
  const byInvitation = await byLink(tx, stranger);
  if (byInvitation !== undefined) return { user: byInvitation, bound: false, invitation };
  // A link that was replaced says nothing of its user, whose address still does.
  const invited = await byAddress(tx, stranger);
  if (invited !== undefined) return { user: invited, bound: false };
  const id = await createUser(tx, stranger);
  if (id === undefined) throw unknown();
  return { user: await bind(tx, id, stranger, origin), bound: true };
}

async function byLink(tx: ServerTx, stranger: Stranger): Promise<UserRecord | undefined> {
  const { invitation, email, now } = stranger;
  if (invitation === undefined) return undefined;
  const id = await findInvited(tx, hashToken(invitation), now);
  const user = id === undefined ? undefined : await findUser(tx, { id });
  if (user === undefined || user.status === 'disabled') return undefined;
  if (user.email !== email) {
    throw new Problem(
      'identity_mismatch',
      'Sign in there with the address that was invited, or ask your administrator for an invitation to yours',
    );
  }
  return user;
}

async function byAddress(tx: ServerTx, { email, now }: Stranger): Promise<UserRecord | undefined> {
  if (email === undefined) return undefined;
  const waiting: UserRecord[] = [];
  for (const user of await findUsersOf(tx, email)) {
    if (user.status === 'invited' && (await isStillInvited(tx, user.id, now))) waiting.push(user);
  }
  const [invited, another] = waiting;
  if (another === undefined) return invited;
  throw new Problem(
    'single_sign_on_unknown',
    'Several organisations have invited this address. Use the link of the invitation that you want to accept',
  );
}

/** The id of a new analyst, where the operator lets the provider create users. */
async function createUser(
  tx: ServerTx,
  { email, name, organisation }: Stranger,
): Promise<string | undefined> {
  if (email === undefined || organisation === undefined) return undefined;
  const organisationId = await findOrganisationId(tx, organisation);
  if (organisationId === undefined) return undefined;
  const facts = { name: name ?? email, role: 'analyst', redClearance: false };
  return insertUser(tx, { organisationId, realmId: PRODUCTION, email, ...facts });
}

/** What a person confirms: that this account is to be theirs. */
export interface Binding extends Identity {
  readonly userId: string;
  /** The token of the link, which is used up. */
  readonly invitation: string | undefined;
  readonly now: Date;
}

/**
 * Binds an account to the identity that was recognised for it and confirmed; what made it possible
 * is checked again. Throws Problem single_sign_on_unknown or identity_mismatch.
 */
export async function confirmBinding(
  tx: ServerTx,
  { userId, invitation, now, ...identity }: Binding,
  origin: ActOrigin,
): Promise<UserRecord> {
  const user = await findUser(tx, { id: userId }, { lock: true });
  const invited =
    invitation === undefined
      ? user?.status === 'invited' && (await isStillInvited(tx, userId, now))
      : (await takeInvitation(tx, hashToken(invitation), now)) === userId;
  if (user === undefined || !invited || user.status === 'disabled') throw unknown();
  if (user.email !== identity.email) {
    throw new Problem('identity_mismatch', 'Start again with the address that was invited');
  }
  return bind(tx, userId, identity, origin);
}

async function bind(
  tx: ServerTx,
  id: string,
  { issuer, subject }: Pick<Identity, 'issuer' | 'subject'>,
  { requestId, address }: ActOrigin,
): Promise<UserRecord> {
  await setIdentity(tx, id, { issuer, subject });
  await activateUser(tx, id);
  await deleteInvitations(tx, id);
  const user = await findUser(tx, { id }, { lock: true });
  if (user === undefined) throw unknown();
  await appendServerAudit(tx, {
    organisationId: user.organisationId,
    actor: `user ${id}`,
    action: 'user.link_identity',
    requestId,
    address,
    detail: { user: id, issuer, subject },
  });
  return user;
}

function refuseInactive(user: UserRecord): UserRecord {
  if (user.status === 'active') return user;
  throw unknown();
}

function unknown(): Problem {
  return new Problem('single_sign_on_unknown', 'Ask your administrator for an invitation');
}
