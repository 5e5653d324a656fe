import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Viewer } from '../../src/sharing/viewer.ts';
import { openDatabase, type Database } from '../../src/store/postgres/database.ts';
import { asViewer, type Tx } from '../../src/store/postgres/transaction.ts';
import { testDatabaseUrl } from '../support/database.ts';

const nobody: Viewer = {
  organisationId: 0,
  realmId: 1,
  audiences: [],
  ceiling: 0,
  cleared: false,
  self: 0,
};

let db: Database;
let owner: pg.Client;

beforeAll(async () => {
  const url = await testDatabaseUrl();
  db = openDatabase({ url, poolMax: 4, onError: () => undefined });
  owner = new pg.Client({ connectionString: url });
  await owner.connect();
  await owner.query('create table counter (id int primary key, n int not null)');
  await owner.query('insert into counter values (1, 0), (2, 0)');
  await owner.query('grant select, update on counter to tocsin_app');
});
afterAll(async () => {
  await db.close();
  await owner.end();
});

/** Resolves for all when so many have come. */
function rendezvous(count: number): () => Promise<void> {
  let come = 0;
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return () => {
    if (++come === count) open();
    return opened;
  };
}

const add = (tx: Tx, id: number) =>
  tx.$executeRaw`update counter set n = n + 1 where id = ${id}::int`;

it('tries again after a real deadlock', async () => {
  const both = rendezvous(2);
  let tries = 0;
  const cross = (first: number, second: number) =>
    asViewer(db, nobody, async (tx) => {
      tries++;
      await add(tx, first);
      // The second try of one finds the other gone on.
      await both();
      await add(tx, second);
    });
  await Promise.all([cross(1, 2), cross(2, 1)]);
  // One of the two is tried again; where they meet a second time, once more.
  expect(tries).toBeGreaterThan(2);
  const { rows } = await owner.query('select n from counter order by id');
  expect(rows).toEqual([{ n: 2 }, { n: 2 }]);
});

it('tries again after a serialisation failure', async () => {
  let tries = 0;
  await asViewer(db, nobody, async (tx) => {
    if (tries++ === 0) await raise(tx, '40001');
  });
  expect(tries).toBe(2);
});

function raise(tx: Tx, errcode: string, message = 'as told'): Promise<unknown> {
  return tx.$executeRawUnsafe(
    `do $$ begin raise exception '${message}' using errcode = '${errcode}'; end $$`,
  );
}

it('gives up on what will not get better, and on the fourth deadlock', async () => {
  let tries = 0;
  const failing = (errcode: string) =>
    asViewer(db, nobody, async (tx) => {
      tries++;
      await raise(tx, errcode);
    });
  await expect(failing('23505')).rejects.toThrow();
  expect(tries).toBe(1);
  tries = 0;
  await expect(failing('40P01')).rejects.toThrow();
  expect(tries).toBe(4);
});

it('is not fooled by a text that looks like a deadlock', async () => {
  let tries = 0;
  const failing = asViewer(db, nobody, async (tx) => {
    tries++;
    await raise(tx, '22023', 'deadlock detected 40001');
  });
  await expect(failing).rejects.toThrow();
  expect(tries).toBe(1);
});
