/**
 * Every lock that is not a row's or a table's, and the order in which a transaction takes them.
 * Nothing else names an advisory lock: what runs in the database calls take_lock, which refuses a
 * lock out of order. docs/decisions/0012 says who takes which, and why.
 */
import type { Client } from 'pg';
import { Prisma } from '../generated/client.ts';

// SQL, not the typed client: functions of the database.

/** Names and ranks, as lock_rank in prisma/definitions has them. Lower ranks are taken first. */
export const LOCKS = {
  /** The first start: one process makes the owner and its key. */
  founding: 20,
  /** Changes of members, keys, users and groups: one at a time. Purges and wipes, too. */
  members: 30,
  /** Shared by writers of versions; exclusive for changes of what others may see of them. */
  writers: 40,
  /** One of many parts, each for some of the objects: resharing against revoking. */
  object: 50,
  /** The order of the log. */
  sequencer: 60,
  /** What each organisation was last told that it may see. */
  standing: 70,
  /** The tree of the audit, and its partitions. */
  audit: 80,
} as const;

export type LockName = keyof typeof LOCKS;

/**
 * No wait for a lock is longer, a row's and a table's included; every connection is opened with this
 * limit. What comes to it is tried again, and is answered 503 after the last try.
 */
const LOCK_WAIT_MS = 10_000;

/** An option of every connection. */
export const LOCK_LIMIT = `-c lock_timeout=${LOCK_WAIT_MS}`;

/** To be selected in a statement; the lock is held until the transaction ends. */
export function taking(lock: LockName, { shared = false } = {}): Prisma.Sql {
  return Prisma.sql`take_lock(${lock}::text, ${shared}::boolean)::text`;
}

/** Takes a lock, and holds it until the transaction ends. */
export async function takeLock(tx: Prisma.TransactionClient, lock: LockName): Promise<void> {
  await tx.$queryRaw`select ${taking(lock)}`;
}

/** Objects share so many locks, so that a large bundle does not need one for each. */
const OBJECT_LOCKS = 64;

/** STIX ids. */
interface ObjectIds {
  /** Shared locks. */
  readonly reshared: readonly string[];
  /** Exclusive locks. */
  readonly revoked: readonly string[];
}

/**
 * Takes the locks of all objects that a transaction reshares or, as their creator, revokes. At once
 * and in order: two transactions, each of which reshares what the other revokes, would wait for one
 * another otherwise.
 */
export async function lockObjects(
  tx: Prisma.TransactionClient,
  { reshared, revoked }: ObjectIds,
): Promise<void> {
  if (reshared.length + revoked.length === 0) return;
  await tx.$queryRaw`
    with part as materialized (
      select abs(hashtext(stix_id) % ${OBJECT_LOCKS}::integer) as number, bool_and(shared) as shared
      from (
        select stix_id, true from unnest(${[...reshared]}::text[]) as stix_id
        union all select stix_id, false from unnest(${[...revoked]}::text[]) as stix_id
      ) as object (stix_id, shared)
      group by 1 order by 1
    )
    select take_lock('object', shared, number)::text from part`;
}

/** Prisma's own lock, so that Prisma and Tocsin do not migrate at the same time. */
const MIGRATION_LOCK = 72_707_369;
const MIGRATION_WAIT_MS = 600_000;

/**
 * Takes the lock of migrations, which comes before all others, for the rest of the session. `onWait`
 * is called when another session has it. Fails (55P03) after ten minutes.
 */
export async function lockMigrations(client: Client, onWait: () => void): Promise<void> {
  const { rows } = await client.query<{ taken: boolean }>(
    'select pg_try_advisory_lock($1) as taken',
    [MIGRATION_LOCK],
  );
  if (rows[0]?.taken === true) return;
  onWait();
  await client.query(`set lock_timeout = ${MIGRATION_WAIT_MS}`);
  await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
  await client.query(`set lock_timeout = ${LOCK_WAIT_MS}`);
}
