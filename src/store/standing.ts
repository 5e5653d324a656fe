import { requireSame, type Standing, type StandingNow } from '../sharing/standing.ts';
import { Prisma } from './generated/client.ts';

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
    select alive, ends_at as "endsAt", role, networks, cleared, ceiling,
      default_tlp as "defaultTlp", default_community as "defaultCommunityId", identities, usable
    from standing_of(${keyId ?? null}::text, ${sessionId ?? null}::uuid, ${organisationId}::integer,
      ${realmId}::smallint, ${[...chosenIds]}::integer[])`;
  requireSame(standing, now, at);
}
