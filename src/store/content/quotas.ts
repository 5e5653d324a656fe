import { Problem, type ProblemCode } from '../../errors.ts';
import type { Prisma } from '../generated/client.ts';
import { quantity } from '../../quantity.ts';

// SQL, not the typed client: functions of the database that lock and count.

/** What an organisation has so many of at most: the code of the problem, and the setting. */
const COUNTED = {
  audiences: {
    code: 'audience_limit',
    noun: 'audience',
    setting: 'TOCSIN_QUOTA_AUDIENCES',
    advice:
      'Share with an audience that it has shared with before, a sharing group or a community,',
  },
  subscriptions: {
    code: 'subscription_limit',
    noun: 'subscription',
    setting: 'TOCSIN_QUOTA_SUBSCRIPTIONS',
    advice: 'Delete one,',
  },
  keys: {
    code: 'key_limit',
    noun: 'key',
    setting: 'TOCSIN_QUOTA_KEYS',
    advice: 'Revoke one that was created more than a day ago,',
  },
  users: {
    code: 'user_limit',
    noun: 'user',
    setting: 'TOCSIN_QUOTA_USERS',
    advice: 'Delete one, disable one that was invited more than a day ago,',
  },
} as const satisfies Record<string, Counted>;

interface Counted {
  readonly code: ProblemCode;
  readonly noun: string;
  readonly setting: string;
  readonly advice: string;
}

/** One that count_locked in prisma/definitions counts. */
export type CountedQuota = keyof typeof COUNTED;

/**
 * Checks that an organisation may have one more, in the transaction that adds it and before it
 * does. Locks the organisation's quota until that transaction ends: requests that add something of
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
  const { code, noun, setting, advice } = COUNTED[quota];
  throw new Problem(
    code,
    `The organisation has ${quantity(row.present, noun)}, and its quota is ${max}. ${advice} ` +
      `or ask the operator to raise ${setting}.`,
    { extra: { quota, limit: max, present: row.present } },
  );
}
