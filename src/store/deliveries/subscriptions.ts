import { Prisma } from '../generated/client.ts';
import type { Database } from '../postgres/database.ts';
import type { Tx } from '../postgres/transaction.ts';
import { bytes, given } from '../postgres/typed.ts';

// SQL, not the typed client: the time of the database, places that are compared in the statement, and attempts in order.

/** A subscription as its owner sees it. */
export interface SubscriptionRecord {
  readonly id: string;
  /** Encrypted. */
  readonly url: Uint8Array;
  readonly description: string;
  readonly filter: unknown;
  readonly state: string;
  readonly reason: string | null;
  readonly cursor: number;
  readonly batchMax: number;
  /** How long objects may gather before they are sent. */
  readonly lingerMs: number;
  readonly asPosted: boolean;
  readonly failures: number;
  readonly nextAttemptAt: Date;
  readonly createdAt: Date;
}

const columns = Prisma.sql`id, url, description, filter, state, reason, cursor::float8 as cursor,
  batch_max as "batchMax", linger_ms as "lingerMs", as_posted as "asPosted", failures, next_attempt_at as "nextAttemptAt", created_at as "createdAt"`;

/** The viewer's organisation's subscriptions, oldest first. Row security leaves out all others. */
export async function listSubscriptions(tx: Tx): Promise<SubscriptionRecord[]> {
  return tx.$queryRaw<SubscriptionRecord[]>`
    select ${columns} from subscription order by created_at, id`;
}

export async function findSubscription(
  tx: Tx,
  id: string,
): Promise<(SubscriptionRecord & { readonly secret: Uint8Array }) | undefined> {
  const [row] = await tx.$queryRaw<(SubscriptionRecord & { secret: Uint8Array })[]>`
    select ${columns}, secret from subscription where id = ${id}::uuid`;
  return row;
}

export interface NewSubscription {
  readonly id: string;
  readonly organisationId: number;
  readonly realmId: number;
  /** Encrypted. */
  readonly url: Buffer;
  readonly description: string;
  readonly filter: Prisma.InputJsonObject;
  readonly secret: Buffer;
  readonly cursor: number;
  readonly currentTo: number;
  readonly batchMax: number;
  readonly lingerMs: number;
  readonly asPosted: boolean;
}

export async function insertSubscription(tx: Tx, subscription: NewSubscription): Promise<void> {
  const { id, organisationId, realmId, description, filter, cursor } = subscription;
  const { currentTo, batchMax, lingerMs, asPosted } = subscription;
  const facts = { id, organisationId, realmId, description, filter, cursor };
  const sealed = { url: bytes(subscription.url), secret: bytes(subscription.secret) };
  const data = { ...facts, ...sealed, currentTo, batchMax, lingerMs, asPosted };
  await tx.subscription.createMany({ data: [data] });
}

export interface SubscriptionChange {
  /** Encrypted. */
  readonly url?: Buffer | undefined;
  readonly description?: string | undefined;
  readonly filter?: Prisma.InputJsonObject | undefined;
  readonly state?: 'active' | 'paused' | undefined;
  readonly batchMax?: number | undefined;
  readonly lingerMs?: number | undefined;
  readonly asPosted?: boolean | undefined;
}

/**
 * Changes what is given. A subscription made active again is tried at once, with its failures
 * forgotten. Returns whether there was one.
 */
export async function updateSubscription(
  tx: Tx,
  id: string,
  change: SubscriptionChange,
): Promise<boolean> {
  const { url, description, filter, state, batchMax, lingerMs, asPosted } = change;
  const changed = await tx.subscription.updateMany({
    where: { id },
    data: {
      ...given({ description, filter, state, batchMax, lingerMs, asPosted }),
      ...(url === undefined ? {} : { url: bytes(url) }),
      ...(state === undefined ? {} : { reason: null }),
      ...(state === 'active' ? FORGIVEN : {}),
      retryTo: null,
      batchNow: null,
      revision: { increment: 1 },
    },
  });
  // At the time of the database, by which workers go.
  if (state === 'active') {
    await tx.$executeRaw`update subscription set next_attempt_at = now() where id = ${id}::uuid`;
  }
  return changed.count === 1;
}

/** No failure is counted. */
const FORGIVEN = { failures: 0, refusals: 0, deadLetters: 0, failingSince: null } as const;

/** Where a subscription begins, and up to which place it is sent current versions only. */
export interface Beginning {
  readonly cursor: number;
  readonly currentTo: number;
}

/**
 * Sets a subscription's cursor, from where it is delivered again. Superseded versions are left out only as
 * far as it had come: behind that, one may be the end of an object that its receiver was sent. Returns
 * whether there was such a subscription.
 */
export async function moveSubscription(
  tx: Tx,
  id: string,
  { cursor, currentTo }: Beginning,
): Promise<boolean> {
  const moved = await tx.$executeRaw`
    update subscription set cursor = ${cursor}::bigint, revision = revision + 1,
      moves = moves + 1,
      current_to = least(${currentTo}::bigint, greatest(cursor, current_to)),
      retry_to = null, batch_now = null,
      failures = 0, refusals = 0, dead_letters = 0, failing_since = null, next_attempt_at = now(),
      lease_owner = null, lease_until = null
    where id = ${id}::uuid`;
  return moved === 1;
}

/** Replaces what is stored encrypted. Returns whether there was such a subscription. */
export async function replaceSecret(
  tx: Tx,
  id: string,
  { secret, url }: { readonly secret: Buffer; readonly url: Buffer },
): Promise<boolean> {
  const data = { secret: bytes(secret), url: bytes(url), revision: { increment: 1 } };
  const changed = await tx.subscription.updateMany({ where: { id }, data });
  return changed.count === 1;
}

export async function deleteSubscription(tx: Tx, id: string): Promise<boolean> {
  const gone = await tx.subscription.deleteMany({ where: { id } });
  return gone.count === 1;
}

export interface AttemptView {
  readonly id: number;
  readonly webhookId: string;
  readonly kind: string;
  readonly outcome: string;
  readonly status: number | null;
  readonly detail: string | null;
  readonly objects: number;
  readonly withdrawn: number;
  readonly bytes: number;
  readonly startedAt: Date;
  readonly durationMs: number;
}

/** The attempts of a subscription, newest first, from before an id. */
export async function listAttempts(
  tx: Tx,
  subscriptionId: string,
  { before, limit }: { readonly before: number | null; readonly limit: number },
): Promise<AttemptView[]> {
  return tx.$queryRaw<AttemptView[]>`
    select id::float8 as id, webhook_id as "webhookId", kind, outcome, status, detail, objects,
      withdrawn, bytes, started_at as "startedAt", duration_ms as "durationMs"
    from attempt a
    where subscription_id = ${subscriptionId}::uuid
      and (${before}::bigint is null or a.id < ${before}::bigint)
    order by a.id desc limit ${limit}::integer`;
}

/** Tells the workers of every process that a subscription was made or changed. */
export async function notifySubscriptions(db: Database): Promise<void> {
  await db.server.$queryRaw`select pg_notify('tocsin_subscription', '')::text`;
}
