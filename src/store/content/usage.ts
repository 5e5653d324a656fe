import type { Database } from '../postgres/database.ts';

// SQL, not the typed client: functions of the database, in every write.

/** What an organisation has of what its quotas limit. */
export interface Usage {
  /** Bytes stored on the day that was asked for. */
  readonly bytes: number;
  readonly audiences: number;
  readonly subscriptions: number;
  readonly keys: number;
  readonly users: number;
}

/** The bytes that an organisation has stored on a day (YYYY-MM-DD, UTC). */
export async function findBytesStored(
  db: Database,
  organisationId: number,
  day: string,
): Promise<number> {
  const [row] = await db.server.$queryRaw<{ bytes: number }[]>`
    select bytes::float8 as bytes from organisation_usage
    where organisation_id = ${organisationId} and day = ${day}::date`;
  return row?.bytes ?? 0;
}

/** What an organisation has of what its quotas limit; bytes of a day (YYYY-MM-DD, UTC). */
export async function findUsage(db: Database, organisationId: number, day: string): Promise<Usage> {
  const [row] = await db.server.$queryRaw<Usage[]>`
    select coalesce((select bytes from organisation_usage
        where organisation_id = ${organisationId} and day = ${day}::date), 0)::float8 as bytes,
      (select count(*) from union_use where organisation_id = ${organisationId})::float8 as audiences,
      (select count(*) from subscription where organisation_id = ${organisationId})::float8
        as subscriptions,
      keys_counted(${organisationId}::integer)::float8 as keys,
      users_counted(${organisationId}::integer)::float8 as users`;
  return row ?? { bytes: 0, audiences: 0, subscriptions: 0, keys: 0, users: 0 };
}

/** Forgets how much was stored before a day (YYYY-MM-DD). */
export async function pruneUsage(db: Database, day: string): Promise<void> {
  await db.server.$executeRaw`delete from organisation_usage where day < ${day}::date`;
}
