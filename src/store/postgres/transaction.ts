import { Problem } from '../../errors.ts';
import { itselfAlone, type Viewer } from '../../sharing/viewer.ts';
import type { Database } from './database.ts';
import { Prisma } from '../generated/client.ts';
import { taking } from './locks.ts';
import { sqlStateOf } from './sql-state.ts';
import { retried } from './transient.ts';

// SQL, not the typed client: the settings by which row security goes.

declare const entered: unique symbol;
declare const keeping: unique symbol;

/**
 * A transaction in which a viewer has been entered. Only asViewer makes one, so a read of shared
 * content without a viewer, or a write outside a transaction, does not compile. The log alone is
 * read otherwise: its statement enters each viewer itself (read_log in prisma/definitions).
 */
export type Tx = Prisma.TransactionClient & { readonly [entered]: true };

/**
 * Runs `work` in one transaction whose first statement enters `viewer`; the settings end with the
 * transaction, so a pooled connection carries nothing over.
 * What fails transiently is tried again from the beginning, so `work` changes nothing except through `tx`.
 * It may read through `db.server` what `tx` has no right to (who is in a group, say): that pool's
 * transactions never wait for this one's.
 */
export async function asViewer<T>(
  db: Database,
  viewer: Viewer,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  return inTransaction(db, viewer, READING, work);
}

/**
 * The same for writers of versions: entered as its organisation alone, whatever its own
 * versions are marked, with the lock `writers` shared. Throws Problem storage_full.
 */
export async function asWriter<T>(
  db: Database,
  viewer: Viewer,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  await db.room.ensure();
  return inTransaction(db, itselfAlone(viewer), WRITING, work);
}

async function inTransaction<T>(
  db: Database,
  viewer: Viewer,
  purpose: Prisma.Sql,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  // One organisation with a hundred bundles under way does not keep the others from the database.
  const turn = db.turns.ask(String(viewer.organisationId));
  try {
    await turn.begun;
    return await noted(db, () =>
      retried(() =>
        db.content.$transaction(async (tx) => {
          await enter(tx, viewer, purpose);
          return work(tx as Tx);
        }),
      ),
    );
  } finally {
    turn.end();
  }
}

/** Remembers where `work` failed for want of room, which /readyz tells of. */
async function noted<T>({ room }: Database, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    room.note(error);
    throw error;
  }
}

/** Whether nothing more can be stored; where that is not known, by trying. */
export async function isOutOfRoom(db: Database): Promise<boolean> {
  // More than what is free within pages that are there already.
  const probe = () => db.server.$executeRaw`
    create temporary table room_probe on commit drop as
      select repeat(md5(n::text), 60) as filling from generate_series(1, 1024) as n`;
  return db.room.isFull(probe);
}

const READING = Prisma.sql`null`;
// In the statement that enters the viewer, so that each one after it sees the revocation.
const WRITING = taking('writers', { shared: true });

/**
 * Runs statements of a transaction that reads, each for at most so long. Throws Problem query_too_costly.
 */
export async function withinTime<T>(tx: Tx, limitMs: number, work: () => Promise<T>): Promise<T> {
  await tx.$queryRaw`select set_config('statement_timeout', ${String(limitMs)}, true)`;
  try {
    return await work();
  } catch (error) {
    if (sqlStateOf(error) !== '57014') throw error;
    throw new Problem(
      'query_too_costly',
      'The database needs too long for this request. Ask for fewer values or smaller networks',
      { cause: error },
    );
  }
}

/** A viewer as the settings of a transaction say it. */
type Settings = Readonly<Record<Exclude<keyof Viewer, 'self'>, string>>;

async function enter(
  tx: Prisma.TransactionClient,
  viewer: Viewer,
  purpose = READING,
): Promise<void> {
  const settings = {
    organisationId: String(viewer.organisationId),
    realmId: String(viewer.realmId),
    audiences: `{${viewer.audiences.join(',')}}`,
    ceiling: String(viewer.ceiling),
    cleared: String(viewer.cleared),
  };
  await enterSettings(tx, settings, purpose);
}

async function enterSettings(
  tx: Prisma.TransactionClient,
  settings: Settings,
  purpose = READING,
): Promise<void> {
  await tx.$queryRaw`
    select ${purpose}, set_config('tocsin.organisation', ${settings.organisationId}, true),
      set_config('tocsin.realm', ${settings.realmId}, true),
      set_config('tocsin.audiences', ${settings.audiences}, true),
      set_config('tocsin.ceiling', ${settings.ceiling}, true),
      set_config('tocsin.cleared', ${settings.cleared}, true)`;
}

async function settingsOf(tx: Tx): Promise<Settings> {
  const [settings] = await tx.$queryRaw<Settings[]>`
    select current_setting('tocsin.organisation') as "organisationId",
      current_setting('tocsin.realm') as "realmId",
      current_setting('tocsin.audiences') as audiences,
      current_setting('tocsin.ceiling') as ceiling, current_setting('tocsin.cleared') as cleared`;
  if (settings === undefined) throw new Error('No viewer has been entered');
  return settings;
}

/**
 * Continues as another viewer in the same transaction, and afterwards as the one before. For what one
 * organisation's act does to what another shares, and for what it sees beside what it wrote.
 */
export async function withViewer<T>(tx: Tx, viewer: Viewer, work: () => Promise<T>): Promise<T> {
  const before = await settingsOf(tx);
  await enter(tx, viewer);
  // Where work fails, the transaction ends, and its settings with it.
  const result = await work();
  await enterSettings(tx, before);
  return result;
}

/** A transaction of the bookkeeping, which has no right on shared content. Only asServer makes one. */
export type ServerTx = Prisma.TransactionClient & { readonly [keeping]: true };

/**
 * Runs bookkeeping that takes several statements in one transaction. What fails transiently is tried
 * again, so `work` must not touch anything but `tx`.
 */
export async function asServer<T>(db: Database, work: (tx: ServerTx) => Promise<T>): Promise<T> {
  return noted(db, () => retried(() => db.server.$transaction((tx) => work(tx as ServerTx))));
}

/** 23505 unique_violation. */
export function isUniqueViolation(error: unknown): boolean {
  return sqlStateOf(error) === '23505';
}
