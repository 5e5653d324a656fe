import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { serve } from '../../src/commands/serve/serve.ts';
import { ConfigError, readConfig } from '../../src/config.ts';
import { createLogger } from '../../src/telemetry.ts';
import { removeTestDirectory, testDirectory } from '../support/cluster.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
beforeAll(async () => {
  tocsin = await startTocsin();
});
afterAll(() => tocsin.close());

it('a server whose port is taken says so, and leaves nothing at work', async () => {
  const { port } = new URL(tocsin.url);
  const second = tocsin.another(['http', 'worker'], { PORT: port });
  await expect(second).rejects.toThrow(ConfigError);
  await expect(second).rejects.toThrow(
    /^Cannot listen on 127\.0\.0\.1:\d+ \(EADDRINUSE\)\. .*: set PORT to a free one/,
  );
  const metrics = tocsin.another(['http'], { TOCSIN_METRICS_PORT: port });
  await expect(metrics).rejects.toThrow(/set TOCSIN_METRICS_PORT to a free one/);
  const workers = await tocsin.sql('select id from worker');
  expect(workers).toEqual([]);
});

it('a first start whose port is taken creates neither database nor secret', async () => {
  const parent = await testDirectory();
  const TOCSIN_DATA_DIR = join(parent, 'data');
  const { port } = new URL(tocsin.url);
  const logger = createLogger('silent');
  const start = (settings: Record<string, string>) =>
    serve(readConfig({ TOCSIN_DATA_DIR, ...settings }), logger, ['http']);
  try {
    await expect(start({ PORT: port })).rejects.toThrow(/EADDRINUSE/);
    await expect(start({ PORT: port, HOST: '192.0.2.1' })).rejects.toThrow(/set HOST to one/);
  } finally {
    expect(await readdir(parent)).toEqual([]);
    await removeTestDirectory(parent);
  }
});
