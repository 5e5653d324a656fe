/** The figures of `tocsin status`, for the operator alone. */
import type { Database } from '../postgres/database.ts';
import { LISTENER } from '../postgres/listen.ts';

// SQL, not the typed client: figures over whole tables.

export interface Figures {
  /** How many organisations, users and subscriptions there are, by status or state. */
  readonly organisations: Readonly<Record<string, number>>;
  readonly users: Readonly<Record<string, number>>;
  readonly subscriptions: Readonly<Record<string, number>>;
  /** Keys that are neither expired nor revoked. */
  readonly keys: number;
  /** Processes of `tocsin serve` that are connected to the database. */
  readonly servers: number;
  /** Workers seen in the last minute. */
  readonly workers: number;
  readonly databaseBytes: number;
}

/** How many processes of `tocsin serve` are connected to the database. */
export async function countServers(db: Database): Promise<number> {
  const [row] = await db.server.$queryRaw<{ servers: number }[]>`
    select count(*)::integer as servers from pg_stat_activity
    where datname = current_database() and application_name = ${LISTENER}`;
  return row?.servers ?? 0;
}

export async function readFigures(db: Database): Promise<Figures> {
  const [row] = await db.server.$queryRaw<Omit<Figures, 'servers'>[]>`
    select
      (select coalesce(json_object_agg(status, n), '{}') from (
        select status, count(*) as n from organisation group by 1) as o) as organisations,
      (select coalesce(json_object_agg(status, n), '{}') from (
        select status, count(*) as n from user_account group by 1) as u) as users,
      (select coalesce(json_object_agg(state, n), '{}') from (
        select state, count(*) as n from subscription group by 1) as s) as subscriptions,
      (select count(*)::integer from api_key
        where revoked_at is null and (expires_at is null or expires_at > now())) as keys,
      (select count(*)::integer from worker
        where seen_at > now() - interval '1 minute') as workers,
      pg_database_size(current_database())::float8 as "databaseBytes"`;
  if (row === undefined) throw new Error('The database answered nothing');
  return { ...row, servers: await countServers(db) };
}

/** A subscription whose receiver does not take what it is sent. */
export interface FailingReceiver {
  readonly id: string;
  /** A slug. */
  readonly organisation: string;
  readonly state: string;
  readonly reason: string | null;
  readonly failures: number;
  readonly failingSince: Date | null;
  /** The outcome of the last attempt. */
  readonly outcome: string | null;
}

/** Those that fail or were disabled, the longest failing first. */
export async function listFailingReceivers(
  db: Database,
  limit: number,
): Promise<FailingReceiver[]> {
  return db.server.$queryRaw<FailingReceiver[]>`
    select s.id::text, o.slug as organisation, s.state, s.reason, s.failures,
      s.failing_since as "failingSince",
      (select outcome from attempt a where a.subscription_id = s.id order by a.id desc limit 1)
        as outcome
    from subscription s join organisation o on o.id = s.organisation_id
    where s.state = 'disabled' or (s.state = 'active' and s.failures > 0)
    order by s.failing_since nulls last, s.id limit ${limit}::integer`;
}

/** An active subscription whose stored cursor is not at the end of the log. */
export interface ReceiverBehind {
  readonly id: string;
  /** A slug. */
  readonly organisation: string;
  readonly organisationId: number;
  readonly realmId: number;
  readonly filter: unknown;
  /** STIX identities of the organisations that the filter names. */
  readonly identities: string[];
  readonly cursor: number;
  readonly currentTo: number;
}

/** Those that fail first, then those furthest behind. Rows that are not for them count, too. */
export async function listReceiversBehind(db: Database, limit: number): Promise<ReceiverBehind[]> {
  return db.server.$queryRaw<ReceiverBehind[]>`
    select s.id::text, o.slug as organisation, s.organisation_id as "organisationId",
      s.realm_id as "realmId", s.filter,
      array(select i.stix_id from organisation n join identity i on i.organisation_id = n.id
            where n.slug = any(array(select jsonb_array_elements_text(s.filter -> 'producers')))
            order by 1) as identities,
      s.cursor::float8 as cursor, s.current_to::float8 as "currentTo"
    from subscription s join organisation o on o.id = s.organisation_id
    where s.state = 'active' and s.cursor < (select head from log_bounds())
    order by s.failures > 0 desc, s.cursor, s.id limit ${limit}::integer`;
}
