import { bytes, given } from '../postgres/typed.ts';
import type { Database } from '../postgres/database.ts';
import { batched } from '../../concurrency/batch.ts';
import { memberColumns, toMember, type MemberRecord, type MemberRow } from '../members/members.ts';
import { notifyStanding } from '../members/membership.ts';
import type { ServerTx } from '../postgres/transaction.ts';

// SQL, not the typed client: at the rate of requests (findSession), joins, and row locks.

/** A session with its user and the organisation, as things stand at this moment. */
export interface SessionRecord extends MemberRecord {
  readonly sessionId: string;
  readonly userId: string;
  readonly email: string;
  readonly name: string;
  readonly role: string;
  readonly redClearance: boolean;
  readonly hasSecondFactor: boolean;
  /** Whether the identity provider said that a second factor was used. */
  readonly secondFactorElsewhere: boolean;
  readonly startedBy: string;
  readonly createdAt: Date;
  /** Of the user: invited, active or disabled. */
  readonly status: string;
  readonly expiresAt: Date;
  readonly endedAt: Date | null;
}

interface SessionRow extends MemberRow {
  session_id: string;
  user_id: string;
  email: string;
  user_name: string;
  role: string;
  red_clearance: boolean;
  second_factor: boolean;
  second_factor_elsewhere: boolean;
  started_by: string;
  created_at: Date;
  user_status: string;
  expires_at: Date;
  ended_at: Date | null;
}

const SESSIONS_MAX = 100;

/** The session of this id; nothing is remembered from one request to the next (see findKey). */
export const findSession = batched(findSessions, { max: SESSIONS_MAX });

async function findSessions(
  db: Database,
  ids: readonly string[],
): Promise<(SessionRecord | undefined)[]> {
  const rows = await db.server.$queryRaw<SessionRow[]>`
    select s.id as session_id, u.id as user_id, u.email, u.name as user_name, u.role,
      u.red_clearance, u.totp_confirmed_at is not null as second_factor, u.status as user_status, s.expires_at, s.ended_at,
      s.second_factor_elsewhere, s.started_by, s.created_at, ${memberColumns}
    from user_session s join user_account u on u.id = s.user_id
      join organisation o on o.id = u.organisation_id join realm r on r.id = s.realm_id,
      lateral viewer_of(o.id, r.id) as viewer
    where s.id = any(string_to_array(${ids.join(',')}, ',')::uuid[])`;
  const records = new Map(rows.map((row) => [row.session_id, toSession(row)]));
  return ids.map((id) => records.get(id));
}

function toSession(row: SessionRow): SessionRecord {
  return {
    ...toMember(row),
    sessionId: row.session_id,
    userId: row.user_id,
    email: row.email,
    name: row.user_name,
    role: row.role,
    redClearance: row.red_clearance,
    hasSecondFactor: row.second_factor,
    secondFactorElsewhere: row.second_factor_elsewhere,
    startedBy: row.started_by,
    createdAt: row.created_at,
    status: row.user_status,
    expiresAt: row.expires_at,
    endedAt: row.ended_at,
  };
}

export interface NewSession {
  readonly userId: string;
  readonly realmId: number;
  readonly startedBy: 'password' | 'single_sign_on';
  readonly secondFactorElsewhere: boolean;
  /** What the client calls itself. */
  readonly client: string;
  readonly address: string;
  readonly now: Date;
  readonly expiresAt: Date;
}

/** Returns its id. */
export async function insertSession(tx: ServerTx, session: NewSession): Promise<string> {
  const { userId, realmId, startedBy, secondFactorElsewhere, client, address, now } = session;
  const facts = { userId, realmId, startedBy, secondFactorElsewhere, client, address };
  const { id } = await tx.userSession.create({
    data: { ...facts, createdAt: now, usedAt: now, expiresAt: session.expiresAt },
    select: { id: true },
  });
  return id;
}

export interface NewRefreshToken {
  readonly tokenHash: Buffer;
  readonly sessionId: string;
  readonly expiresAt: Date;
}

/** `replaces`: the hash of the token that this one replaces. */
export async function insertRefreshToken(
  tx: ServerTx,
  token: NewRefreshToken,
  replaces?: Buffer,
): Promise<void> {
  const { sessionId, expiresAt } = token;
  const tokenHash = bytes(token.tokenHash);
  await tx.refreshToken.createMany({ data: [{ tokenHash, sessionId, expiresAt }] });
  if (replaces === undefined) return;
  await tx.refreshToken.updateMany({
    where: { tokenHash: bytes(replaces) },
    data: { replacedBy: tokenHash },
  });
}

export interface RefreshRecord {
  readonly sessionId: string;
  readonly userId: string;
  readonly organisationId: number;
  readonly status: string;
  readonly expiresAt: Date;
  readonly sessionExpiresAt: Date;
  readonly endedAt: Date | null;
  readonly replaced: boolean;
}

/** A refresh token with its session, which nobody else changes until the transaction ends. */
export async function lockRefreshToken(
  tx: ServerTx,
  tokenHash: Buffer,
): Promise<RefreshRecord | undefined> {
  await tx.$queryRaw`
    select id::text from user_session
    where id = (select session_id from refresh_token where token_hash = ${tokenHash}) for update`;
  const [row] = await tx.$queryRaw<RefreshRecord[]>`
    select s.id as "sessionId", u.id as "userId", u.organisation_id as "organisationId", u.status,
      t.expires_at as "expiresAt", s.expires_at as "sessionExpiresAt", s.ended_at as "endedAt",
      t.replaced_by is not null as replaced
    from refresh_token t join user_session s on s.id = t.session_id
      join user_account u on u.id = s.user_id
    where t.token_hash = ${tokenHash}`;
  return row;
}

export async function noteSessionUse(tx: ServerTx, id: string, now: Date): Promise<void> {
  await tx.userSession.updateMany({ where: { id }, data: { usedAt: now } });
}

/** Ends the sessions of a user, or the one of them named; how many that were. */
export async function endSessions(
  tx: ServerTx,
  userId: string,
  now: Date,
  { only, but }: { readonly only?: string; readonly but?: string } = {},
): Promise<number> {
  const ended = await tx.userSession.updateMany({
    where: {
      userId,
      endedAt: null,
      expiresAt: { gt: now },
      id: given({ equals: only, not: but }),
    },
    data: { endedAt: now },
  });
  if (ended.count > 0) await notifyStanding(tx);
  return ended.count;
}

/** Ends all sessions in a realm. */
export async function endSessionsIn(tx: ServerTx, realmId: number): Promise<void> {
  await tx.$executeRaw`
    update user_session set ended_at = now() where realm_id = ${realmId}::smallint and ended_at is null`;
}

export interface SessionView {
  readonly id: string;
  /** A slug. */
  readonly realm: string;
  readonly startedBy: string;
  readonly client: string;
  readonly address: string;
  readonly createdAt: Date;
  readonly usedAt: Date;
  readonly expiresAt: Date;
}

/** The open sessions of a user, last used first. */
export async function listSessions(
  db: Database,
  userId: string,
  now: Date,
): Promise<SessionView[]> {
  return db.server.$queryRaw`
    select s.id, r.slug as realm, started_by as "startedBy", client, address,
      s.created_at as "createdAt", used_at as "usedAt", expires_at as "expiresAt"
    from user_session s join realm r on r.id = s.realm_id
    where user_id = ${userId}::uuid and ended_at is null and expires_at > ${now}::timestamptz
    order by used_at desc, s.id`;
}

/** Deletes the sessions of a user that ended before `before`, with their tokens. */
export async function pruneSessions(tx: ServerTx, userId: string, before: Date): Promise<void> {
  await tx.userSession.deleteMany({
    where: { userId, OR: [{ expiresAt: { lt: before } }, { endedAt: { lt: before } }] },
  });
}
