import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findPostmaster } from '../../../src/store/embedded/postmaster.ts';
import { hasCapability } from '../../support/capabilities.ts';
import { copyOf, removeTestDirectory, testDirectory } from '../../support/cluster.ts';
import { killTocsins, query, runTocsin } from '../../support/tocsin-process.ts';

let made: string;
let dataDir: string;

beforeAll(async () => {
  made = await testDirectory();
  const tocsin = runTocsin({ dataDir: made });
  await tocsin.report('started');
  await tocsin.stop();
});
afterAll(() => removeTestDirectory(made));

beforeEach(async () => {
  dataDir = await copyOf(made);
});
afterEach(async () => {
  await killTocsins();
  await removeTestDirectory(dataDir);
});

async function postmaster() {
  const found = await findPostmaster(join(dataDir, 'postgres'));
  if (typeof found === 'string') throw new Error(`postmaster: ${found}`);
  return found;
}

describe('after a kill -9', () => {
  it('of its process, the server left behind is adopted and then stopped', async () => {
    const killed = runTocsin({ dataDir });
    const { url } = await killed.report('started');
    const { pid } = await postmaster();
    await killed.kill();

    const next = runTocsin({ dataDir });
    expect((await next.report('started')).url).toBe(url);
    expect((await postmaster()).pid).toBe(pid);
    await next.stop();
    expect(await findPostmaster(join(dataDir, 'postgres'))).toBe('none');
  });

  it('of its process and PostgreSQL, the next start recovers what was committed', async () => {
    const killed = runTocsin({ dataDir });
    const { url } = await killed.report('started');
    await query(url, 'create table kept as select generate_series(1, 1000) as n');
    const { pid } = await postmaster();
    await killed.kill();
    process.kill(pid, 'SIGKILL');

    const next = runTocsin({ dataDir });
    await next.report('started');
    expect(await query(url, 'select count(*)::int as n from kept')).toEqual([{ n: 1000 }]);
    await next.stop();
  });

  it('of PostgreSQL, it is reported and restarted on the same port for every process', async () => {
    const processes = [runTocsin({ dataDir }), runTocsin({ dataDir })] as const;
    const [{ url }] = await Promise.all([
      processes[0].report('started'),
      processes[1].report('started'),
    ]);
    await query(url, 'create table kept as select 42 as n');
    const { pid } = await postmaster();
    process.kill(pid, 'SIGKILL');

    const exits = await Promise.all(processes.map((tocsin) => tocsin.report('exited')));
    expect(exits.map((exit) => exit.pid)).toEqual([pid, pid]);
    await expect
      .poll(() => query(url, 'select n from kept').catch(() => 'down'))
      .toEqual([{ n: 42 }]);
    await processes[0].stop();
    expect(await query(url, 'select n from kept')).toEqual([{ n: 42 }]);
    await processes[1].stop();
    expect(await findPostmaster(join(dataDir, 'postgres'))).toBe('none');
  });

  it('of a session that was at work, PostgreSQL recovers by itself', async () => {
    const tocsin = runTocsin({ dataDir });
    const { url } = await tocsin.report('started');
    const before = await postmaster();
    const busy = query(url, 'select pg_sleep(600)').catch(() => 'cut off');
    process.kill(await sessionOf(url, 'pg_sleep(600)'), 'SIGKILL');
    expect(await busy).toBe('cut off');
    await expect.poll(() => query(url, 'select 1 as n').catch(() => 'down')).toEqual([{ n: 1 }]);
    expect((await postmaster()).pid).toBe(before.pid);
    await tocsin.stop();
  });

  // Root without this one cannot see whose the orphans are, and asks the operator to end them.
  const seesProcesses = process.getuid?.() !== 0 || hasCapability('sys_ptrace');
  it.runIf(seesProcesses)(
    'of PostgreSQL alone while a long query runs, its orphans do not hold up the start',
    async () => {
      const killed = runTocsin({ dataDir });
      const { url } = await killed.report('started');
      // Pure computation: it does not look whether its postmaster still lives.
      const busy = query(
        url,
        'select count(*) from generate_series(1, 100000) a, generate_series(1, 100000) b',
      ).catch(() => 'cut off');
      await sessionOf(url, '100000) b');
      await killed.kill();
      process.kill((await postmaster()).pid, 'SIGKILL');

      const next = runTocsin({ dataDir });
      await next.report('started');
      expect(await busy).toBe('cut off');
      await next.stop();
    },
  );
});

/** The pid of the session that runs a query with these words, once it does. */
async function sessionOf(url: string, words: string): Promise<number> {
  const sql = `select pid from pg_stat_activity
                where state = 'active' and strpos(query, $1) > 0 and pid <> pg_backend_pid()`;
  let pid = 0;
  await expect
    .poll(async () => {
      const rows = await query(url, sql, [words]);
      return (pid = Number(rows[0]?.['pid'] ?? 0));
    })
    .toBeGreaterThan(0);
  return pid;
}

describe('leftovers in the data directory', () => {
  it('a postmaster.pid whose number another program has by now does not matter', async () => {
    const first = runTocsin({ dataDir });
    const { url } = await first.report('started');
    const pidPath = join(dataDir, 'postgres', 'postmaster.pid');
    const lines = (await readFile(pidPath, 'utf8')).split('\n');
    await first.stop();
    await writeFile(pidPath, [String(process.pid), ...lines.slice(1)].join('\n'));

    const next = runTocsin({ dataDir });
    await next.report('started');
    expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await next.stop();
  });
});
