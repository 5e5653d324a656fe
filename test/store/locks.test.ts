import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problemBody } from '../../src/http/errors/problem-json.ts';
import { toProblem } from '../../src/http/errors/translate.ts';
import { openDatabase, type Database } from '../../src/store/postgres/database.ts';
import { lockObjects, LOCKS, taking, takeLock } from '../../src/store/postgres/locks.ts';
import { asServer } from '../../src/store/postgres/transaction.ts';
import { isTransient, retried } from '../../src/store/postgres/transient.ts';
import { testDatabaseUrl } from '../support/database.ts';

let db: Database;
let owner: pg.Client;

beforeAll(async () => {
  const url = await testDatabaseUrl();
  db = openDatabase({ url, poolMax: 4, onError: () => undefined });
  owner = new pg.Client({ connectionString: url });
  await owner.connect();
});
afterAll(async () => {
  await Promise.all([db.close(), owner.end()]);
});

describe('the one place that takes advisory locks', () => {
  const NAMES_ONE = /pg_(?:try_)?advisory/;

  it('has the same order in TypeScript and in the database', async () => {
    const { rows } = await owner.query<{ name: string; rank: number }>(
      'select name, lock_rank(name) as rank from unnest($1::text[]) as name',
      [Object.keys(LOCKS)],
    );
    expect(Object.fromEntries(rows.map(({ name, rank }) => [name, rank]))).toEqual(LOCKS);
    const ranks = Object.values(LOCKS);
    expect(new Set(ranks).size).toBe(ranks.length);
  });

  it('is take_lock, of all functions in the database', async () => {
    const { rows } = await owner.query<{ name: string; text: string }>(
      `select proname as name, prosrc as text from pg_proc
       where pronamespace = current_schema()::regnamespace`,
    );
    expect(rows.length).toBeGreaterThan(20);
    const names = rows.filter(({ text }) => NAMES_ONE.test(text)).map(({ name }) => name);
    expect(names).toEqual(['take_lock']);
  });

  it('is store/postgres/locks.ts, of all sources', async () => {
    const root = join(import.meta.dirname, '../../src');
    const files = (await readdir(root, { recursive: true })).filter((name) => name.endsWith('.ts'));
    expect(files.length).toBeGreaterThan(100);
    const found = [];
    for (const file of files) {
      if (NAMES_ONE.test(await readFile(join(root, file), 'utf8'))) found.push(file);
    }
    expect(found).toEqual([join('store', 'postgres', 'locks.ts')]);
  });
});

/** The message with which a transaction that takes these locks is refused; '' where it is not. */
async function refusal(...locks: readonly string[]): Promise<string> {
  await owner.query('begin');
  try {
    for (const lock of locks) await owner.query(`select take_lock(${lock})`);
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await owner.query('rollback');
  }
}

describe('take_lock', () => {
  it.each([
    [`'sequencer'`, `'writers'`],
    [`'writers'`, `'members'`],
    [`'object', true, 7`, `'object', true, 3`],
    // A shared lock made exclusive waits for another that does the same.
    [`'writers', true`, `'writers'`],
  ])('refuses %s before %s', async (...locks) => {
    expect(await refusal(...locks)).toMatch(/^Lock \w+ \(\d+\) is taken out of order/);
    if (locks[0] !== `'writers', true`) expect(await refusal(...locks.toReversed())).toBe('');
  });

  it('refuses a lock that has no rank', async () => {
    expect(await refusal(`'cellar'`)).toBe('Unknown lock: cellar (0)');
  });

  it('takes once what it is asked for twice', async () => {
    expect(await refusal(`'writers'`, `'sequencer'`, `'writers'`, `'writers', true`)).toBe('');
  });

  it('forgets what a savepoint gave back', async () => {
    await owner.query('begin');
    await owner.query('savepoint s');
    await owner.query(`select take_lock('sequencer')`);
    await owner.query('rollback to s');
    await owner.query(`select take_lock('writers')`);
    const { rows } = await owner.query(
      `select objid::int, mode from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()`,
    );
    await owner.query('commit');
    expect(rows).toEqual([{ objid: LOCKS.writers * 100, mode: 'ExclusiveLock' }]);
    expect(await refusal(`'members'`)).toBe('');
  });

  it('takes the locks of objects at once, however many are reshared and revoked', async () => {
    const ids = Array.from({ length: 300 }, (_, i) => `indicator--${i}`);
    const [reshared, revoked] = [ids.slice(0, 200), ids.slice(100)];
    await asServer(db, (tx) => lockObjects(tx, { reshared, revoked }));
  });
});

describe('a wait for a lock', () => {
  it('has a limit on every connection', async () => {
    for (const pool of [db.server, db.content]) {
      expect(await pool.$queryRaw`show lock_timeout`).toEqual([{ lock_timeout: '10s' }]);
    }
  });

  /** Runs `work` while somebody else holds the lock, with a limit of its own. */
  async function whileHeld<T>(work: () => Promise<T>): Promise<T> {
    await owner.query('begin');
    await owner.query(`select take_lock('audit')`);
    try {
      return await work();
    } finally {
      await owner.query('commit');
    }
  }

  it('is tried again at its limit, and then answered 503', async () => {
    let tries = 0;
    const failing = whileHeld(() =>
      asServer(db, async (tx) => {
        tries++;
        await tx.$executeRaw`set local lock_timeout = 20`;
        await takeLock(tx, 'audit');
      }),
    );
    const error: unknown = await failing.catch((caught: unknown) => caught);
    expect(tries).toBe(4);
    expect(isTransient(error)).toBe(true);
    expect(problemBody(toProblem(error), 'x')).toMatchObject({ status: 503, code: 'not_ready' });
  });

  it('is tried again in a single statement, too', async () => {
    await owner.query('create sequence tries');
    await owner.query('grant usage on sequence tries to tocsin_server');
    // A sequence counts what is undone, too.
    const failing = db.server.$queryRaw`
      select nextval('tries')::text, set_config('lock_timeout', '20', true), ${taking('audit')}`;
    await whileHeld(() => expect(failing).rejects.toSatisfy(isTransient));
    const { rows } = await owner.query('select last_value::int from tries');
    expect(rows).toEqual([{ last_value: 4 }]);
  });

  it('is tried again on a connection without a pool', async () => {
    let tries = 0;
    const work = async () => {
      if (tries++ > 0) return;
      await owner.query(`do $$ begin raise exception 'x' using errcode = '40P01'; end $$`);
    };
    await retried(work);
    expect(tries).toBe(2);
  });
});
