/** Sessions: how one begins, continues with refresh tokens that work once, and ends. */
import type { Clock } from '../clock.ts';
import { Problem } from '../errors.ts';
import type { SignedIn } from '../sharing/member.ts';
import { PRODUCTION, PRODUCTION_SLUG } from '../sharing/realm.ts';
import type { Standing } from '../sharing/standing.ts';
import { appendServerAudit } from '../store/audit/record.ts';
import type { Database } from '../store/postgres/database.ts';
import {
  endSessions,
  insertRefreshToken,
  insertSession,
  listSessions,
  lockRefreshToken,
  noteSessionUse,
  pruneSessions,
  type NewSession,
  type RefreshRecord,
  type SessionView,
} from '../store/access/sessions.ts';
import { requireStanding } from '../store/access/standing.ts';
import { asServer, type ServerTx } from '../store/postgres/transaction.ts';
import { noteSignIn, type UserRecord } from '../store/access/users.ts';
import { hashToken, newToken } from './links.ts';
import { realmOfMember } from './named-realm.ts';

/** How long a session lasts without use, and at most. */
const IDLE_MS = 12 * 3600 * 1000;
const SESSION_MS = 7 * 24 * 3600 * 1000;
/** How long an ended session is stored, so that its old tokens are recognised. */
const KEPT_MS = 30 * 24 * 3600 * 1000;

export interface SessionContext {
  readonly db: Database;
  readonly clock: Clock;
}

/** From where a session is begun. */
export interface Client {
  readonly address: string;
  /** What it calls itself. */
  readonly agent: string;
  readonly requestId: string;
}

/** The request behind an act, for the audit. */
export type ActOrigin = Pick<Client, 'requestId' | 'address'>;

/** A session with its refresh token, which is shown only once. */
export interface Continued {
  readonly userId: string;
  readonly sessionId: string;
  readonly refreshToken: string;
  readonly refreshExpiresAt: Date;
}

/** How a session is begun. */
export interface Beginning {
  readonly startedBy: NewSession['startedBy'];
  /** Whether the identity provider said that a second factor was used. */
  readonly secondFactorElsewhere?: boolean | undefined;
  readonly client: Client;
  /** Slug of the exercise that it is to be in; production unless given. */
  readonly realm: string | undefined;
  readonly now: Date;
}

/**
 * Begins a session of a user whose identity was proven, in the transaction that proved it. Throws
 * Problem realm_unknown, or realm_not_allowed to an admin in an exercise.
 */
export async function beginSession(
  tx: ServerTx,
  user: Pick<UserRecord, 'id' | 'organisationId' | 'role'>,
  { startedBy, secondFactorElsewhere = false, client, realm, now }: Beginning,
): Promise<Continued> {
  const realmId = await realmFor(tx, user, realm);
  const expiresAt = new Date(now.getTime() + SESSION_MS);
  const { address, agent } = client;
  await pruneSessions(tx, user.id, new Date(now.getTime() - KEPT_MS));
  const start = { startedBy, secondFactorElsewhere, client: agent, address, now, expiresAt };
  const sessionId = await insertSession(tx, { userId: user.id, realmId, ...start });
  await noteSignIn(tx, user.id, now);
  await note(tx, user, 'session.begin', client, {
    session: sessionId,
    by: startedBy,
    realm: realm ?? PRODUCTION_SLUG,
  });
  return { userId: user.id, sessionId, ...(await giveToken(tx, sessionId, expiresAt, now)) };
}

async function realmFor(
  tx: ServerTx,
  { organisationId, role }: Pick<UserRecord, 'organisationId' | 'role'>,
  realm = PRODUCTION_SLUG,
): Promise<number> {
  const realmId = await realmOfMember(tx, realm, organisationId);
  if (realmId === PRODUCTION || role !== 'admin') return realmId;
  throw new Problem(
    'realm_not_allowed',
    'Admins manage the whole server, so they exist only in production',
    {
      path: 'body.realm',
    },
  );
}

async function giveToken(
  tx: ServerTx,
  sessionId: string,
  sessionExpiresAt: Date,
  now: Date,
  replaces?: Buffer,
): Promise<Pick<Continued, 'refreshToken' | 'refreshExpiresAt'>> {
  const { text, hash: tokenHash } = newToken();
  const idleMs = Math.min(now.getTime() + IDLE_MS, sessionExpiresAt.getTime());
  const expiresAt = new Date(idleMs);
  await insertRefreshToken(tx, { tokenHash, sessionId, expiresAt }, replaces);
  return { refreshToken: text, refreshExpiresAt: expiresAt };
}

/**
 * Refreshes a session: its refresh token is replaced by the one returned. One that was replaced
 * before is in two hands, so that the session ends for both (RFC 9700 §4.14.2).
 * Throws Problem refresh_token_invalid or refresh_token_reused.
 */
export async function continueSession(
  { db, clock }: SessionContext,
  refreshToken: string,
  origin: ActOrigin,
): Promise<Continued> {
  const now = clock.now();
  const tokenHash = hashToken(refreshToken);
  const outcome = await asServer(db, async (tx): Promise<Continued | Problem> => {
    const token = await lockRefreshToken(tx, tokenHash);
    if (token === undefined) return invalid();
    if (token.replaced) return endReused(tx, token, origin, now);
    if (!isGood(token, now)) return invalid();
    const { userId, sessionId, sessionExpiresAt } = token;
    await noteSessionUse(tx, sessionId, now);
    const given = await giveToken(tx, sessionId, sessionExpiresAt, now, tokenHash);
    return { userId, sessionId, ...given };
  });
  // What a refusal changes is to stay, so it is thrown after the commit.
  if (outcome instanceof Problem) throw outcome;
  return outcome;
}

function isGood(token: RefreshRecord, now: Date): boolean {
  const { status, endedAt, expiresAt, sessionExpiresAt } = token;
  return status === 'active' && endedAt === null && expiresAt > now && sessionExpiresAt > now;
}

async function endReused(
  tx: ServerTx,
  token: RefreshRecord,
  origin: ActOrigin,
  now: Date,
): Promise<Problem> {
  const { userId: id, organisationId, sessionId } = token;
  if ((await endSessions(tx, id, now, { only: sessionId })) > 0) {
    const detail = { session: sessionId, user: id };
    await note(tx, { organisationId }, 'session.end_reused', origin, detail);
  }
  return new Problem('refresh_token_reused', 'It was used before. Sign in again');
}

function invalid(): Problem {
  return new Problem('refresh_token_invalid', 'Sign in again');
}

/** Ends the session that a refresh token belongs to, whether it is good or not. */
export async function signOut(
  { db, clock }: SessionContext,
  refreshToken: string,
  origin: ActOrigin,
): Promise<void> {
  await asServer(db, async (tx) => {
    const token = await lockRefreshToken(tx, hashToken(refreshToken));
    if (token === undefined) return;
    const { userId: id, organisationId, sessionId } = token;
    if ((await endSessions(tx, id, clock.now(), { only: sessionId })) === 0) return;
    await note(tx, { id, organisationId }, 'session.end', origin, { session: sessionId });
  });
}

/** The open sessions of a user. */
export async function readSessions(
  { db, clock }: SessionContext,
  user: SignedIn,
): Promise<SessionView[]> {
  return listSessions(db, user.id, clock.now());
}

/** Ends a session of one's own. Throws Problem not_found, or StandingChanged. */
export async function endSession(
  { db, clock }: SessionContext,
  { user, standing }: { readonly user: SignedIn; readonly standing: Standing },
  sessionId: string,
  origin: ActOrigin,
): Promise<void> {
  const { id } = user;
  const { organisationId } = standing;
  await asServer(db, async (tx) => {
    const now = clock.now();
    // First: the session may be the one that asks.
    await requireStanding(tx, standing, now);
    const ended = await endSessions(tx, id, now, { only: sessionId });
    if (ended === 0) throw new Problem('not_found', 'Session not found');
    await note(tx, { id, organisationId }, 'session.end', origin, { session: sessionId });
  });
}

/** `id`: the user who did it; undefined where nobody knows who it was. */
async function note(
  tx: ServerTx,
  { id, organisationId }: { readonly id?: string; readonly organisationId: number },
  action: string,
  origin: ActOrigin,
  detail: { readonly [name: string]: string },
): Promise<void> {
  const actor = id === undefined ? 'nobody' : `user ${id}`;
  const { requestId, address } = origin;
  await appendServerAudit(tx, { organisationId, actor, action, requestId, address, detail });
}
