import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findPostmaster, isRunning } from '../../../src/store/embedded/postmaster.ts';
import { removeTestDirectory, testDirectory } from '../../support/cluster.ts';
import { killTocsins, query, runTocsin } from '../../support/tocsin-process.ts';
import type { TocsinProcess } from '../../support/tocsin-process.ts';

describe('the embedded server', () => {
  let dataDir: string;
  let tocsin: TocsinProcess;
  let url: string;

  beforeAll(async () => {
    dataDir = await testDirectory();
    tocsin = runTocsin({ dataDir });
    ({ url } = await tocsin.report('started'));
  });
  afterAll(async () => {
    await killTocsins();
    await removeTestDirectory(dataDir);
  });

  async function postmasterPid(): Promise<number> {
    const found = await findPostmaster(join(dataDir, 'postgres'));
    if (typeof found === 'string') throw new Error(`postmaster: ${found}`);
    return found.pid;
  }

  it('is durable, listens on loopback alone and lets nobody in without the password', async () => {
    const settings = await query(
      url,
      `select current_setting('fsync') as fsync, current_setting('listen_addresses') as listens,
              current_setting('server_version_num')::int / 10000 as major`,
    );
    expect(settings).toEqual([{ fsync: 'on', listens: '127.0.0.1', major: 18 }]);
    const stranger = new URL(url);
    stranger.password = 'guess';
    await expect(query(stranger.href, 'select 1')).rejects.toThrow(/password authentication/);
    expect((await stat(join(dataDir, 'postgres.json'))).mode & 0o777).toBe(0o600);
  });

  it('gives an owner that may make roles and databases, and no more', async () => {
    const rights = await query(
      url,
      `select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb
         from pg_roles where rolname = current_user`,
    );
    expect(rights).toEqual([
      { rolsuper: false, rolbypassrls: false, rolcreaterole: true, rolcreatedb: true },
    ]);
  });

  it('keeps the text of statements and the values of rows out of its log', async () => {
    await query(url, 'create table unique_values (v text primary key)');
    const insert = `insert into unique_values values ('evil.example.com')`;
    await query(url, insert);
    await expect(query(url, insert)).rejects.toThrow(/duplicate key/);
    const log = await readFile(join(dataDir, 'postgres.log'), 'utf8');
    expect(log).toContain('duplicate key');
    expect(log).not.toContain('evil.example.com');
  });

  it.runIf(process.getuid?.() === 0)(
    'runs, for root in a directory only root may pass, as an account that can just pass it',
    async () => {
      expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
      const status = await readFile(`/proc/${await postmasterPid()}/status`, 'utf8');
      const uids = /^Uid:\s+(.*)$/m.exec(status)?.[1]?.split('\t').map(Number) ?? [];
      expect(uids).toHaveLength(4);
      expect(uids).not.toContain(0);
      const capabilities = BigInt(`0x${/^CapEff:\s+(\w+)$/m.exec(status)?.[1]}`);
      const [dacOverride, dacReadSearch] = [1n << 1n, 1n << 2n];
      expect([dacOverride, dacReadSearch]).toContain(capabilities);
    },
  );

  it('stops with its process and starts again on its data, at the same address', async () => {
    await query(url, 'create table kept as select 42 as n');
    const pid = await postmasterPid();
    await tocsin.stop();
    expect(await isRunning(pid)).toBe(false);

    tocsin = runTocsin({ dataDir });
    expect((await tocsin.report('started')).url).toBe(url);
    expect(await query(url, 'select n from kept')).toEqual([{ n: 42 }]);
  });
});
