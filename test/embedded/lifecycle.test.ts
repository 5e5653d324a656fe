import { chmod, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findPostmaster, isRunning } from '../../src/store/embedded/postmaster.ts';
import { removeTestDirectory, testDirectory } from '../support/cluster.ts';
import { query, runTocsin } from '../support/tocsin-process.ts';

let dataDir: string;

beforeEach(async () => {
  dataDir = await testDirectory();
  await chmod(dataDir, 0o700);
});
afterEach(() => removeTestDirectory(dataDir));

async function postmaster() {
  const found = await findPostmaster(join(dataDir, 'postgres'));
  if (typeof found === 'string') throw new Error(`postmaster: ${found}`);
  return found;
}

describe('the embedded server', () => {
  it('starts in an empty directory, stops with its process and starts again on its data', async () => {
    const first = runTocsin({ dataDir });
    const { url } = await first.report('started');
    const { pid } = await postmaster();
    await query(url, 'create table kept as select 42 as n');
    await first.stop();
    expect(await isRunning(pid)).toBe(false);

    const second = runTocsin({ dataDir });
    expect((await second.report('started')).url).toBe(url);
    expect(await query(url, 'select n from kept')).toEqual([{ n: 42 }]);
    await second.stop();
  });

  it('is durable, listens on loopback alone and lets nobody in without the password', async () => {
    const tocsin = runTocsin({ dataDir });
    const { url } = await tocsin.report('started');
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
    await tocsin.stop();
  });

  it('gives an owner that may make roles and databases, and no more', async () => {
    const tocsin = runTocsin({ dataDir });
    const { url } = await tocsin.report('started');
    const rights = await query(
      url,
      `select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb
         from pg_roles where rolname = current_user`,
    );
    expect(rights).toEqual([
      { rolsuper: false, rolbypassrls: false, rolcreaterole: true, rolcreatedb: true },
    ]);
    await tocsin.stop();
  });

  it('keeps the text of statements and the values of rows out of its log', async () => {
    const tocsin = runTocsin({ dataDir });
    const { url } = await tocsin.report('started');
    await query(url, 'create table unique_values (v text primary key)');
    const insert = `insert into unique_values values ('evil.example.com')`;
    await query(url, insert);
    await expect(query(url, insert)).rejects.toThrow(/duplicate key/);
    await tocsin.stop();
    const log = await readFile(join(dataDir, 'postgres.log'), 'utf8');
    expect(log).toContain('duplicate key');
    expect(log).not.toContain('evil.example.com');
  });
});

describe.runIf(process.getuid?.() === 0)('as root, below a directory only root may pass', () => {
  it('runs as another account whose one capability is to pass directories', async () => {
    const tocsin = runTocsin({ dataDir });
    await tocsin.report('started');
    const { pid } = await postmaster();
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    const uids = /^Uid:\s+(.*)$/m.exec(status)?.[1]?.split('\t').map(Number) ?? [];
    expect(uids).toHaveLength(4);
    expect(uids).not.toContain(0);
    const capabilities = BigInt(`0x${/^CapEff:\s+(\w+)$/m.exec(status)?.[1]}`);
    const [override, search] = [1n << 1n, 1n << 2n];
    expect([override, search]).toContain(capabilities);
    await tocsin.stop();
  });
});
