import { Problem } from '../errors.ts';
import { PRODUCTION } from '../sharing/realm.ts';
import { appendServerAudit } from '../store/audit.ts';
import { findOrganisationId } from '../store/organisations.ts';
import type { ServerTx } from '../store/transaction.ts';
import {
  activateUser,
  deleteInvitations,
  findUser,
  insertUser,
  setIdentity,
  takeInvitation,
  type UserRecord,
} from '../store/users.ts';
import { hashToken } from './links.ts';
import type { ActOrigin } from './sessions.ts';

export interface Stranger {
  readonly issuer: string;
  readonly subject: string;
  /** In lower case; undefined unless the provider has verified it. */
  readonly email: string | undefined;
  readonly name: string | undefined;
  /** The token of the link that he came by. */
  readonly invitation: string | undefined;
  /** The slug of the organisation whose analyst he becomes where he is nobody yet. */
  readonly organisation: string | undefined;
  readonly now: Date;
  readonly client: ActOrigin;
}

/**
 * The user who this is. At first by a link; or by the verified address of a user who is invited and
 * has not come in: never of one who has, since whoever is given that address next is another. From
 * then on by issuer and subject, which stay. Throws Problem single_sign_on_unknown.
 */
export async function linkIdentity(tx: ServerTx, stranger: Stranger): Promise<UserRecord> {
  const { issuer, subject } = stranger;
  const known = await findUser(tx, { issuer, subject }, { lock: true });
  const id = known?.id ?? (await firstTime(tx, stranger));
  const user = id === undefined ? undefined : await findUser(tx, { id }, { lock: true });
  if (user?.status !== 'active') {
    throw new Problem('single_sign_on_unknown', 'Ask your administrator for an invitation');
  }
  return user;
}

async function firstTime(tx: ServerTx, stranger: Stranger): Promise<string | undefined> {
  const id =
    (await byLink(tx, stranger)) ?? (await byAddress(tx, stranger)) ?? (await made(tx, stranger));
  if (id === undefined) return undefined;
  await setIdentity(tx, id, stranger);
  await activateUser(tx, id);
  await deleteInvitations(tx, id);
  const user = await findUser(tx, { id });
  await appendServerAudit(tx, {
    organisationId: user?.organisationId ?? null,
    actor: `user ${id}`,
    action: 'user.link_identity',
    requestId: stranger.client.requestId,
    address: stranger.client.address,
    detail: { user: id, issuer: stranger.issuer, subject: stranger.subject },
  });
  return id;
}

async function byLink(tx: ServerTx, { invitation, now }: Stranger): Promise<string | undefined> {
  return invitation === undefined ? undefined : takeInvitation(tx, hashToken(invitation), now);
}

async function byAddress(tx: ServerTx, { email }: Stranger): Promise<string | undefined> {
  if (email === undefined) return undefined;
  const user = await findUser(tx, { email }, { lock: true });
  if (user?.status !== 'invited') return undefined;
  return user.id;
}

async function made(
  tx: ServerTx,
  { email, name, organisation }: Stranger,
): Promise<string | undefined> {
  if (email === undefined || organisation === undefined) return undefined;
  const organisationId = await findOrganisationId(tx, organisation);
  if (organisationId === undefined) return undefined;
  const facts = { name: name ?? email, role: 'analyst', redClearance: false };
  return insertUser(tx, { organisationId, realmId: PRODUCTION, email, ...facts });
}
