import type { Database } from '../postgres/database.ts';
import { batched } from '../../concurrency/batch.ts';

// SQL, not the typed client: set-based, and at the rate of deliveries.

/** A subscription that this process delivers for. */
export interface Leased {
  readonly id: string;
  readonly organisationId: number;
  readonly cursor: number;
  /** How often its owner has changed it or set its cursor. */
  readonly revision: number;
  /** How often its owner has set its cursor. */
  readonly moves: number;
  /** When it may be tried next, in ms since 1970. */
  readonly nextAttemptMs: number;
  /** How long objects may gather for it. */
  readonly lingerMs: number;
  /** How many objects make a batch. */
  readonly batchMax: number;
  /** For how long it is ours, from when it was asked for. */
  readonly leaseMs: number;
}

/** Tells that this worker lives, and how many do; those not seen for `seconds` are forgotten. */
export async function heartbeat(db: Database, workerId: string, seconds: number): Promise<number> {
  const [row] = await db.server.$queryRaw<{ alive: number }[]>`
    with me as (
      insert into worker (id, seen_at) values (${workerId}::uuid, now())
      on conflict (id) do update set seen_at = now()
    ), gone as (
      delete from worker where seen_at < now() - ${seconds}::float8 * interval '1 second'
        and id <> ${workerId}::uuid
    )
    select 1 + count(*)::integer as alive from worker
    where seen_at >= now() - ${seconds}::float8 * interval '1 second'
      and id <> ${workerId}::uuid`;
  return row?.alive ?? 1;
}

/**
 * Renews this worker's leases when half of their time has passed and takes free ones, up to its share of all active subscriptions
 * among `workers`; gives back what it holds beyond that. A lease that ran out is free.
 */
export async function leaseSubscriptions(
  db: Database,
  workerId: string,
  options: { readonly seconds: number; readonly workers: number },
): Promise<Leased[]> {
  return db.server.$queryRaw<Leased[]>`
    with share as (
      select ceil(count(*)::float8 / ${options.workers}::integer)::integer as size
      from subscription where state = 'active'
    ), held as (
      select id, row_number() over (order by lease_until desc, id) <= share.size as keep
      from subscription, share where lease_owner = ${workerId}::uuid and state = 'active'
    ), free as (
      select id from subscription
      where state = 'active' and (lease_until is null or lease_until < now())
        and lease_owner is distinct from ${workerId}::uuid
      order by id
      limit greatest(0, (select size from share) - (select count(*) from held where keep))
      for update skip locked
    ), given_back as (
      update subscription s set lease_owner = null, lease_until = null
      from held where s.id = held.id and not held.keep
    ), renewed as (
      update subscription s
      set lease_until = now() + ${options.seconds}::float8 * interval '1 second'
      from held where s.id = held.id and held.keep
        and s.lease_until < now() + ${options.seconds}::float8 * interval '0.5 second'
    ), taken as (
      update subscription s set lease_owner = ${workerId}::uuid,
        lease_until = now() + ${options.seconds}::float8 * interval '1 second'
      from free where s.id = free.id
    )
    select s.id, s.organisation_id as "organisationId", s.cursor::float8 as cursor, s.revision,
      s.moves, s.linger_ms as "lingerMs", least(s.batch_now, s.batch_max) as "batchMax",
      extract(epoch from s.next_attempt_at)::float8 * 1000 as "nextAttemptMs",
      case when s.lease_owner = ${workerId}::uuid
          and s.lease_until >= now() + ${options.seconds}::float8 * interval '0.5 second'
        then extract(epoch from s.lease_until - now())::float8 * 1000
        else ${options.seconds}::float8 * 1000 end as "leaseMs"
    from subscription s
    where s.id in (select id from held where keep union all select id from free)`;
}

/** Gives leases back, so that another worker takes them at once. */
export async function releaseLeases(db: Database, workerId: string): Promise<void> {
  await db.server.$executeRaw`
    with gone as (delete from worker where id = ${workerId}::uuid)
    update subscription set lease_owner = null, lease_until = null
    where lease_owner = ${workerId}::uuid`;
}

/** All that one delivery needs, as it stands now. */
export interface Order {
  readonly organisationId: number;
  readonly realmId: number;
  /** Slug of the realm. */
  readonly realm: string;
  /** Encrypted. */
  readonly url: Uint8Array;
  readonly filter: unknown;
  /** STIX identities of the organisations that the filter names. */
  readonly identities: string[];
  readonly secret: Uint8Array;
  readonly cursor: number;
  /** How often its owner has changed it or set its cursor. */
  readonly revision: number;
  /** Up to this place in the log, it is sent current versions only. */
  readonly currentTo: number;
  readonly batchMax: number;
  readonly asPosted: boolean;
  readonly retryTo: number | null;
  readonly failures: number;
  readonly refusals: number;
  readonly deadLetters: number;
  readonly failingSinceMs: number | null;
  readonly nextAttemptMs: number;
}

/** A subscription, and the worker that is to hold it. */
interface OrderKey {
  readonly workerId: string;
  readonly subscriptionId: string;
}

const ORDERS_MAX = 250;

/** The order of a subscription that this worker holds and that is active; else undefined. */
export const findOrder = batched(findOrders, {
  max: ORDERS_MAX,
  keyOf: ({ workerId }: OrderKey) => workerId,
});

async function findOrders(db: Database, keys: readonly OrderKey[]): Promise<(Order | undefined)[]> {
  const ids = keys.map(({ subscriptionId }) => subscriptionId);
  const rows = await db.server.$queryRaw<(Order & { id: string })[]>`
    select s.id::text, s.organisation_id as "organisationId", s.realm_id as "realmId",
      r.slug as realm, s.url,
      s.filter,
      array(select i.stix_id from organisation o join identity i on i.organisation_id = o.id
            where o.slug = any(array(select jsonb_array_elements_text(s.filter -> 'producers')))
            order by 1) as identities,
      s.secret, s.cursor::float8 as cursor, s.revision, s.current_to::float8 as "currentTo",
      least(s.batch_now, s.batch_max) as "batchMax",
      s.as_posted as "asPosted",
      s.retry_to::float8 as "retryTo", s.failures, s.refusals, s.dead_letters as "deadLetters",
      extract(epoch from s.failing_since)::float8 * 1000 as "failingSinceMs",
      extract(epoch from s.next_attempt_at)::float8 * 1000 as "nextAttemptMs"
    from subscription s join realm r on r.id = s.realm_id
    where s.id = any(string_to_array(${ids.join(',')}, ',')::uuid[])
      and s.lease_owner = ${keys[0]?.workerId}::uuid and s.state = 'active'`;
  const orders = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => orders.get(id));
}

/** Disables a subscription that this worker holds and whose URL or secret nobody can read any more. */
export async function disableUnreadable(
  db: Database,
  { workerId, subscriptionId }: OrderKey,
): Promise<void> {
  await db.server.subscription.updateMany({
    where: { id: subscriptionId, leaseOwner: workerId, state: 'active' },
    data: { state: 'disabled', reason: 'unreadable' },
  });
}

/** Where an organisation's subscription sends to. */
export async function findEndpoint(
  db: Database,
  subscriptionId: string,
  organisationId: number,
): Promise<{ url: Uint8Array; secret: Uint8Array } | undefined> {
  const endpoint = await db.server.subscription.findFirst({
    where: { id: subscriptionId, organisationId },
    select: { url: true, secret: true },
  });
  return endpoint ?? undefined;
}
