import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findPostmaster } from '../../../src/store/embedded/postmaster.ts';
import { HASTY, removeTestDirectory, testDirectory } from '../../support/cluster.ts';
import { killTocsins, query, runTocsin } from '../../support/tocsin-process.ts';

let dataDir: string;
const settings = HASTY;

beforeEach(async () => {
  dataDir = await testDirectory();
});
afterEach(async () => {
  await killTocsins();
  await removeTestDirectory(dataDir);
});

describe('several processes on one data directory', () => {
  it('share one server when they start at once, and the last one out stops it', async () => {
    await mkdir(join(dataDir, 'postgres.new-half', 'base'), { recursive: true });
    const processes = [1, 2, 3].map(() => runTocsin({ dataDir, settings }));
    const started = await Promise.all(processes.map((tocsin) => tocsin.report('started')));
    expect(new Set(started.map(({ url }) => url)).size).toBe(1);
    const made = processes.filter((tocsin) => logs(tocsin, 'made a new database cluster'));
    expect(made).toHaveLength(1);
    // What a start that was killed half-way had left is gone too.
    expect((await readdir(dataDir)).filter((name) => name.startsWith('postgres.new'))).toEqual([]);

    const url = started[0]?.url ?? '';
    await Promise.all([processes[0]?.stop(), processes[1]?.stop()]);
    expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await processes[2]?.stop();
    expect(await findPostmaster(join(dataDir, 'postgres'))).toBe('none');
  });

  it('leave the server to later processes', async () => {
    const serve = runTocsin({ dataDir, settings, exclusive: true });
    const { url } = await serve.report('started');
    const command = runTocsin({ dataDir, settings });
    expect((await command.report('started')).url).toBe(url);
    await serve.stop();
    expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await command.stop();
    expect(await findPostmaster(join(dataDir, 'postgres'))).toBe('none');
  });

  it('are refused as a second exclusive one, naming the first, until that is gone', async () => {
    const serve = runTocsin({ dataDir, settings, exclusive: true });
    await serve.report('started');
    const second = runTocsin({ dataDir, settings, exclusive: true });
    const { code, message } = await second.report('refused');
    expect(code).toBe('already_serving');
    expect(message).toContain(`(pid ${serve.pid})`);

    await serve.kill();
    const third = runTocsin({ dataDir, settings, exclusive: true });
    await third.report('started');
    await third.stop();
  });
});

function logs(tocsin: ReturnType<typeof runTocsin>, message: string): boolean {
  return tocsin.reports.some((report) => report.kind === 'log' && report.message === message);
}
