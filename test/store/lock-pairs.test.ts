import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase, type Database } from '../../src/store/postgres/database.ts';
import { LOCKS, type LockName } from '../../src/store/postgres/locks.ts';
import { testDatabaseUrl } from '../support/database.ts';
import { allTakers, type Taker } from './lock-world.ts';

let processes: readonly [Database, Database];
let owner: pg.Client;
/** In whose transaction a lock is held; a transaction sees other activity only as of its start. */
let holder: pg.Client;
let takers: Awaited<ReturnType<typeof allTakers>>;
let deadlocksBefore: number;

beforeAll(async () => {
  const url = await testDatabaseUrl();
  const open = () => openDatabase({ url, poolMax: 8, onError: () => undefined });
  processes = [open(), open()];
  [owner, holder] = [0, 1].map(() => new pg.Client({ connectionString: url })) as [
    pg.Client,
    pg.Client,
  ];
  await Promise.all([owner.connect(), holder.connect()]);
  takers = await allTakers(url, processes, owner);
  deadlocksBefore = await deadlocks();
});
afterAll(() => Promise.all([owner.end(), holder.end()]));

/** Deadlocks that PostgreSQL has ended in this database, whether somebody tried again or not. */
async function deadlocks(): Promise<number> {
  const { rows } = await owner.query<{ deadlocks: number }>(
    `select deadlocks::int from pg_stat_database where datname = current_database()`,
  );
  return rows[0]?.deadlocks ?? 0;
}

/** How many sessions wait for a lock that another one has. */
async function waiting(): Promise<number> {
  const { rows } = await owner.query<{ count: number }>(
    `select count(*)::int from pg_stat_activity
     where datname = current_database() and cardinality(pg_blocking_pids(pid)) > 0`,
  );
  return rows[0]?.count ?? 0;
}

interface Running {
  readonly done: Promise<unknown>;
  /** Whether it has ended. */
  ended(): boolean;
}

function start(act: () => Promise<unknown>): Running {
  let ended = false;
  const done = act().finally(() => (ended = true));
  // A caller that awaits `done` learns of a failure.
  done.catch(() => undefined);
  return { done, ended: () => ended };
}

/** Waits until one has ended, or so many wait for locks. */
async function standstill(one: Running, count: number): Promise<void> {
  await expect
    .poll(async () => one.ended() || (await waiting()) >= count, {
      interval: 2,
      timeout: 60_000,
    })
    .toBe(true);
}

/**
 * Runs `first` until it waits for `lock`, which a third transaction holds, and then `second` as far as it
 * comes; then lets go. If one takes `lock` before and the other after what they both take, this is
 * a deadlock, whatever the timing. Returns whether `first` took the lock.
 */
async function cross(lock: LockName, first: Taker, second?: Taker): Promise<boolean> {
  const acts = [await first.prepare(), await second?.prepare()];
  const running: Running[] = [];
  let took = false;
  await holder.query('begin');
  try {
    // Every part of those that have parts.
    const parts = lock === 'object' ? 64 : 1;
    await holder.query(
      'select take_lock($1, false, part) from generate_series(0, $2 - 1) as part',
      [lock, parts],
    );
    for (const act of acts) {
      if (act === undefined) continue;
      const blocked = running.filter((one) => !one.ended()).length;
      const one = start(act);
      running.push(one);
      await standstill(one, blocked + 1);
      took ||= !one.ended();
      if (!took) break;
    }
  } finally {
    await holder.query('commit');
  }
  await Promise.all(running.map(({ done }) => done));
  return took;
}

describe.each(Object.keys(LOCKS) as LockName[])('while %s is held', (lock) => {
  it('no two lock takers wait for each other', { timeout: 300_000 }, async () => {
    const taking: Taker[] = [];
    for (const taker of takers.first) if (await cross(lock, taker)) taking.push(taker);
    expect(taking.length).toBeGreaterThan(0);
    // A transaction that does not take this lock cannot wait for it while it holds another one.
    const seconds = takers.second.filter(({ name }) => taking.some((one) => one.name === name));
    for (const first of taking) {
      for (const second of seconds) {
        await cross(lock, first, second).catch((cause: unknown) => {
          throw new Error(`${first.name}, then ${second.name}`, { cause });
        });
      }
    }
  });
});

it('PostgreSQL has ended no deadlock', async () => {
  // Sessions report what they counted when they end.
  await Promise.all(processes.map((one) => one.close()));
  await expect.poll(deadlocks).toBe(deadlocksBefore);
});
