import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findPending, migrate } from '../../src/store/postgres/migrate.ts';
import { freshDatabaseUrl } from '../support/database.ts';
import { query } from '../support/tocsin-process.ts';

let url: string;
let directory: string;

beforeEach(async () => {
  url = await freshDatabaseUrl({ migrated: false });
  directory = await mkdtemp(join(tmpdir(), 'tocsin-migrations-'));
  await write('1_base', 'create table a (n int primary key); insert into a values (1);');
  await write('2_more', 'create table b (n int references a);');
});
afterEach(() => rm(directory, { recursive: true }));

async function write(name: string, sql: string): Promise<void> {
  await mkdir(join(directory, 'migrations', name), { recursive: true });
  await writeFile(join(directory, 'migrations', name, 'migration.sql'), sql);
}

async function pendingMigrations(): Promise<readonly string[]> {
  return (await findPending(url, directory)).migrations;
}

async function run(told: string[] = []) {
  const logger = { info: (_: unknown, message?: string) => void told.push(String(message)) };
  return migrate({ url, directory, logger });
}

describe('migrate', () => {
  it('applies what is pending in the order of the names, once', async () => {
    expect(await pendingMigrations()).toEqual(['1_base', '2_more']);
    expect(await run()).toMatchObject({ applied: ['1_base', '2_more'], already: 0 });
    expect(await run()).toMatchObject({ applied: [], already: 2 });
    await write('3_last', 'create table c ();');
    expect(await pendingMigrations()).toEqual(['3_last']);
    expect(await run()).toMatchObject({ applied: ['3_last'], already: 2 });
  });

  it('keeps the ledger as Prisma does', async () => {
    await run();
    const columns = await query(
      url,
      `select column_name || ' ' || udt_name || coalesce(character_maximum_length::text, '')
                || case is_nullable when 'NO' then '!' else '' end
                || coalesce(' = ' || column_default, '') as c
         from information_schema.columns where table_name = '_prisma_migrations'
        order by ordinal_position`,
    );
    expect(columns.map(({ c }) => c)).toEqual([
      'id varchar36!',
      'checksum varchar64!',
      'finished_at timestamptz',
      'migration_name varchar255!',
      'logs text',
      'rolled_back_at timestamptz',
      'started_at timestamptz! = now()',
      'applied_steps_count int4! = 0',
    ]);
    const rows = await query(
      url,
      `select migration_name, checksum, logs, rolled_back_at, applied_steps_count as steps,
              finished_at >= started_at as finished, id ~ '^[0-9a-f-]{36}$' as uuid
         from _prisma_migrations order by 1 limit 1`,
    );
    expect(rows).toEqual([
      {
        migration_name: '1_base',
        // sha256sum of the file above
        checksum: 'ddccdd2fa2599a3c07f0a1f3be745df6ec133fe6d01d8a4c7bdcbe890981b1f7',
        logs: null,
        rolled_back_at: null,
        steps: 1,
        finished: true,
        uuid: true,
      },
    ]);
  });

  it('is safe in several processes at once: one applies, the others wait', async () => {
    await write('0_slow', 'select pg_sleep(0.3);');
    const told: string[] = [];
    const outcomes = await Promise.all([run(told), run(told), run(told)]);
    expect(outcomes.map(({ applied }) => applied.length)).toEqual(
      expect.arrayContaining([0, 0, 3]),
    );
    expect(told.filter((message) => message.startsWith('waiting'))).toHaveLength(2);
  });

  it('undoes the whole of one that fails, keeps those before it, and can be run again', async () => {
    await write('3_broken', 'create table c ();\ncreate table c ();\n\nselect nothing_there();');
    await expect(run()).rejects.toMatchObject({
      code: 'migration_failed',
      message: expect.stringMatching(/3_broken .*"c" already exists/),
    });
    expect(await pendingMigrations()).toEqual(['3_broken']);
    await write('3_broken', 'create table c ();\n\nselect nothing_there();');
    await expect(run()).rejects.toThrow(/nothing_there.*line 3/);
    await write('3_broken', 'create table c ();');
    expect(await run()).toMatchObject({ applied: ['3_broken'], already: 2 });
  });
});

describe('migrate refuses', () => {
  it('a migration whose file is not the one applied', async () => {
    await run();
    await write('1_base', 'create table a (n bigint primary key);');
    await write('3_last', 'create table c ();');
    const refusal = { code: 'migration_altered', message: expect.stringContaining('1_base') };
    await expect(run()).rejects.toMatchObject(refusal);
    await expect(pendingMigrations()).rejects.toMatchObject(refusal);
    expect(await query(url, `select to_regclass('c') as c`)).toEqual([{ c: null }]);
  });

  it('a database that a later release migrated', async () => {
    await run();
    await rm(join(directory, 'migrations', '2_more'), { recursive: true });
    await expect(run()).rejects.toMatchObject({
      code: 'database_newer_than_code',
      message: expect.stringContaining('2_more'),
    });
  });

  it('one that was begun and not finished, unless it was marked as rolled back', async () => {
    await run();
    await query(
      url,
      `update _prisma_migrations set finished_at = null where migration_name = '2_more'`,
    );
    await expect(run()).rejects.toMatchObject({
      code: 'migration_failed',
      message: expect.stringContaining('2_more'),
    });
    await query(
      url,
      `drop table b; update _prisma_migrations set rolled_back_at = now() where finished_at is null`,
    );
    expect(await run()).toMatchObject({ applied: ['2_more'], already: 1 });
  });

  it('an account without the rights a migration needs', async () => {
    const name = `test_weak_${randomBytes(4).toString('hex')}`;
    await query(url, `create role ${name} login password 'weak'; grant ${name} to current_user`);
    const weak = new URL(url);
    weak.username = name;
    weak.password = 'weak';
    try {
      const attempt = migrate({ url: weak.href, directory, logger: { info: () => undefined } });
      await expect(attempt).rejects.toMatchObject({ code: 'migration_rights_missing' });
      await query(url, `grant create on schema public to ${name}`);
      await write('0_role', 'create role test_never;');
      const second = migrate({ url: weak.href, directory, logger: { info: () => undefined } });
      await expect(second).rejects.toMatchObject({
        code: 'migration_rights_missing',
        message: expect.stringMatching(/0_role.*create role/),
      });
    } finally {
      await query(url, `drop owned by ${name}; drop role ${name}`);
    }
  });

  it('a server that cannot be reached or does not let us in, without telling the password', async () => {
    const closed = new URL(url);
    closed.port = '1';
    const stranger = new URL(url);
    stranger.password = 'hunter2';
    for (const { href } of [closed, stranger]) {
      const attempt = migrate({ url: href, directory, logger: { info: () => undefined } });
      await expect(attempt).rejects.toMatchObject({
        code: 'database_unreachable',
        message: expect.not.stringContaining('hunter2'),
      });
    }
  });
});
