import { Problem, type ProblemCode } from '../errors.ts';
import type { Prisma } from './generated/client.ts';

/** What an organisation has so many of at most: the code of the problem, and the setting. */
const COUNTED = {
  subscriptions: { code: 'subscription_limit', setting: 'TOCSIN_QUOTA_SUBSCRIPTIONS' },
} as const satisfies Record<string, { code: ProblemCode; setting: string }>;

/** One that count_locked in the migrations counts. */
export type CountedQuota = keyof typeof COUNTED;

/**
 * Checks that an organisation may have one more, in the transaction that adds it and before it
 * does. Locks the organisation's row until that transaction ends: requests that add something of
 * the same organisation at the same time are counted one after another, so none goes beyond `max`.
 * Throws the quota's Problem, such as subscription_limit.
 */
export async function withQuota(
  tx: Prisma.TransactionClient,
  organisationId: number,
  quota: CountedQuota,
  max: number,
): Promise<void> {
  const [row] = await tx.$queryRaw<{ present: number }[]>`
    select count_locked(${organisationId}::integer, ${quota})::float8 as present`;
  if (row === undefined || row.present < max) return;
  const { code, setting } = COUNTED[quota];
  throw new Problem(
    code,
    `Your organisation has ${row.present} ${quota}; its quota is ${max}. ` +
      `Delete one, or ask the operator to raise ${setting}.`,
    { extra: { quota, limit: max, present: row.present } },
  );
}
