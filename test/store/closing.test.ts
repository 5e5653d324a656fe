import { Client } from 'pg';
import { expect, it } from 'vitest';
import { openDatabase } from '../../src/store/postgres/database.ts';
import { testDatabaseUrl } from '../support/database.ts';
import { query } from '../support/tocsin-process.ts';

const CONNECTIONS = 16;
const END = `select pg_terminate_backend(pid) from pg_stat_activity
  where datname = current_database() and application_name like 'tocsin tocsin\\_%'`;

/** Opens so many connections that are idle then. */
async function openedDatabase(url: string, errors: Error[]) {
  const db = openDatabase({ url, poolMax: CONNECTIONS, onError: (error) => errors.push(error) });
  const statements = Array.from({ length: CONNECTIONS }, () => db.content.$queryRaw`select 1`);
  await Promise.all(statements);
  return db;
}

it('a connection that breaks is reported, unless the database is being closed', async () => {
  const url = await testDatabaseUrl();
  const errors: Error[] = [];
  const open = await openedDatabase(url, errors);
  await query(url, END);
  await expect.poll(() => errors.length).toBeGreaterThan(0);
  await open.close();

  errors.length = 0;
  const closing = await openedDatabase(url, errors);
  const stopper = new Client({ connectionString: url });
  await stopper.connect();
  const ended = stopper.query(END);
  // The connections are ended before this process can read so; where that takes longer, nothing is shown.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
  await closing.close();
  await ended;
  await stopper.end();
  await expect.poll(() => query(url, END.replace('pg_terminate_backend(pid)', 'pid'))).toEqual([]);
  expect(errors).toEqual([]);
});
