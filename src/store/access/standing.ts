import { requireSame, type Standing, type StandingNow } from '../../sharing/standing.ts';
import { Prisma } from '../generated/client.ts';

// SQL, not the typed client: functions of the database, in every write.

/**
 * Throws StandingChanged where a caller may no longer do what it could when its request began. Call
 * it in the transaction that writes, as late as possible: what is revoked up to then stops the write.
 * `chosenIds` are the communities, groups and organisations that are shared with.
 */
export async function requireStanding(
  tx: Prisma.TransactionClient,
  standing: Standing,
  at: Date,
  chosenIds: readonly number[] = [],
): Promise<void> {
  const { keyId, sessionId, organisationId, realmId } = standing;
  const [now] = await tx.$queryRaw<StandingNow[]>`
    select ${COLUMNS}
    from standing_of(${keyId ?? null}::text, ${sessionId ?? null}::uuid, ${organisationId}::integer,
      ${realmId}::smallint, ${[...chosenIds]}::integer[])`;
  requireSame(standing, now, at);
}

/** Bytes that an organisation stores on a day (YYYY-MM-DD), of which it may have so many. */
export interface Charge {
  readonly bytes: number;
  readonly day: string;
  readonly max: number;
}

/**
 * The same, and adds to what the organisation has stored on the day. Where that would be more than its
 * quota, it adds nothing and returns what is stored already; otherwise undefined. Until the transaction ends, others of the same organisation
 * wait here: let it be the last statement.
 */
export async function requireStandingAndCharge(
  tx: Prisma.TransactionClient,
  standing: Standing,
  at: Date,
  { bytes, day, max }: Charge,
  chosenIds: readonly number[] = [],
): Promise<number | undefined> {
  const { keyId, sessionId, organisationId, realmId } = standing;
  const [now] = await tx.$queryRaw<(StandingNow & { stored: number | null })[]>`
    select stored::float8 as stored, ${COLUMNS}
    from charge_and_stand(${keyId ?? null}::text, ${sessionId ?? null}::uuid,
      ${organisationId}::integer, ${realmId}::smallint, ${[...chosenIds]}::integer[],
      ${day}::date, ${bytes}::bigint, ${max}::bigint)`;
  requireSame(standing, now, at);
  return now?.stored ?? undefined;
}

const COLUMNS = Prisma.sql`alive, ends_at as "endsAt", role, networks, cleared, ceiling,
  default_tlp as "defaultTlp", default_community as "defaultCommunityId", identities, usable`;
