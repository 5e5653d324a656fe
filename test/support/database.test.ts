import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findPending } from '../../src/store/postgres/migrate.ts';
import { freshDatabaseUrl, resetDatabase, testDatabaseUrl } from './database.ts';
import { readSeeds } from './template.ts';

describe('the database of a test file', () => {
  let url: string;
  let client: Client;

  beforeAll(async () => {
    url = await testDatabaseUrl();
    client = new Client({ connectionString: url });
    await client.connect();
  });
  afterAll(() => client.end());

  it('is migrated, and the same at every call', async () => {
    expect(await findPending(url)).toEqual({ migrations: [], definitions: [] });
    expect(await testDatabaseUrl()).toBe(url);
  });

  it('is not shared with one asked for afresh', async () => {
    const other = await freshDatabaseUrl();
    expect(new URL(other).pathname).not.toBe(new URL(url).pathname);
  });

  it('comes back to what the migrations left', async () => {
    const before = await readSeeds(url);
    await client.query(`create table scratch (n int); insert into scratch values (1)`);
    expect(await readSeeds(url)).not.toEqual(before);
    await resetDatabase(url);
    expect(await readSeeds(url)).toEqual(before);
    await client.query('drop table scratch');
  });
});
