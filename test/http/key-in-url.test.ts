import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newKey } from '../../src/access/keys.ts';
import { anActor, type Actor } from '../support/actors.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let alice: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  alice = await anActor(tocsin);
});
afterAll(() => tocsin.close());

async function get(path: string, key?: string): Promise<{ status: number; text: string }> {
  const headers: Record<string, string> = key === undefined ? {} : { 'x-api-key': key };
  const answer = await fetch(`${tocsin.url}${path}`, { headers });
  return { status: answer.status, text: await answer.text() };
}

describe('a key in the address', () => {
  it.each(['key', 'api_key', 'apikey', 'api-key', 'X-API-Key', 'token', 'access_token', 'Auth'])(
    '?%s= is refused and told, with a right key or any text, beside a key in a header or not',
    async (name) => {
      for (const value of [alice.key, 'nonsense']) {
        for (const header of [alice.key, undefined]) {
          const { status, text } = await get(`/api/v1/me?${name}=${value}`, header);
          expect([status, text]).toEqual([400, expect.stringContaining('"code":"key_in_url"')]);
          expect(text).not.toContain(value);
        }
      }
    },
  );

  it.each([
    ['as a user', (key: string) => `/api/v1/me?user=${key}`],
    ['in the path', (key: string) => `/api/v1/objects/${key}`],
    ['where there is nothing', (key: string) => `/nothing/${key}`],
    ['on a public route', (key: string) => `/healthz?x=${key}`],
    ['escaped', (key: string) => `/api/v1/me?x=${key.replace('_', '%5F')}`],
    ['with what cannot be unescaped', (key: string) => `/api/v1/me?x=%ff${key}`],
    ['that is not a key but looks like one', () => `/api/v1/me?x=${newKey().text}`],
  ])('%s is refused by its form', async (_, path) => {
    const { status, text } = await get(path(alice.key), alice.key);
    expect([status, text]).toEqual([400, expect.stringContaining('"code":"key_in_url"')]);
  });

  it('is what is refused, not what has such a name elsewhere', async () => {
    expect((await get('/healthz?token=x')).status).toBe(200);
    expect((await get(`/api/v1/keys`, alice.key)).status).toBe(200);
    const { text } = await get('/api/v1/changes?keyword=x', alice.key);
    expect(text).toContain('invalid_request');
  });
});

it('is not in the log, not even at its most talkative', async () => {
  const dataDir = await mkdtemp('/tmp/tocsin-url-');
  const child = spawn(process.execPath, ['bin/tocsin.js', 'serve'], {
    env: {
      PATH: process.env['PATH'],
      DATABASE_URL: tocsin.databaseUrl,
      TOCSIN_DATA_DIR: dataDir,
      TOCSIN_SECRET_FILE: tocsin.secretFile,
      PORT: '0',
      LOG_LEVEL: 'trace',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (out += chunk));
  try {
    const url = await listening(child.stdout, () => out);
    await fetch(`${url}/api/v1/me?api_key=${alice.key}`);
    await fetch(`${url}/api/v1/${alice.key}`);
    await fetch(`${url}/healthz?x=${alice.key}`);
  } finally {
    child.kill('SIGTERM');
    await once(child, 'exit');
    await rm(dataDir, { recursive: true, force: true });
  }
  expect(out.match(/"problem":"key_in_url"/g)).toHaveLength(3);
  expect(out).not.toContain(alice.key.split('_')[2]?.slice(0, 8));
});

/** The address that the server says it listens on. */
async function listening(stdout: Readable, errors: () => string): Promise<string> {
  for await (const line of createInterface({ input: stdout })) {
    const [, url] = /Tocsin listens on (\S+)/.exec(line) ?? [];
    if (url !== undefined) return url;
  }
  throw new Error(`The server ended before it listened: ${errors()}`);
}
