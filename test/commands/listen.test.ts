import { afterAll, beforeAll, expect, it } from 'vitest';
import { ConfigError } from '../../src/config.ts';
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
  await expect(second).rejects.toThrow(/^Cannot listen on HOST and PORT: .*EADDRINUSE/);
  const workers = await tocsin.sql('select id from worker');
  expect(workers).toEqual([]);
});
