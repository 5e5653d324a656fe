/** A page of another site makes the browser of a signed-in person send requests (CVE-2026-44364). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import request from 'supertest';
import { idleApp } from '../../scripts/openapi-document.ts';
import { anActor, slug, type Actor } from '../support/actors.ts';
import { rowCounts } from '../support/row-counts.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

const PUBLIC = 'https://tocsin.example.org';

let tocsin: Tocsin;
let chief: Actor;
/** The origin of the server for clients that reach it directly. */
let origin: string;

beforeAll(async () => {
  tocsin = await startTocsin({ settings: { TOCSIN_PUBLIC_URL: PUBLIC } });
  chief = await anActor(tocsin);
  ({ origin } = new URL(tocsin.url));
});
afterAll(() => tocsin.close());

/** What a browser adds by itself: the credentials that it was once asked for. */
function basic({ key }: Actor): string {
  return `Basic ${Buffer.from(`anybody:${key}`).toString('base64')}`;
}

interface Sent {
  readonly status: number;
  readonly code: unknown;
}

async function creates(headers: Record<string, string>): Promise<Sent> {
  const name = slug('group');
  const { status, body } = await request(tocsin.url)
    .post('/api/v1/sharing-groups')
    .set('authorization', basic(chief))
    .set(headers)
    .send({ slug: name, name });
  return { status, code: (body as { code?: unknown }).code };
}

describe('a request that changes something is rejected', () => {
  const rejected = { status: 403, code: 'origin_not_allowed' };
  it.each<[string, () => Record<string, string>]>([
    ['from another site', () => ({ origin: 'https://evil.example.net' })],
    ['from nowhere', () => ({ origin: 'null' })],
    ['from another port', () => ({ origin: 'http://127.0.0.1:1' })],
    ['from another subdomain', () => ({ origin: 'https://other.tocsin.example.org' })],
    ['from the public address without TLS', () => ({ origin: 'http://tocsin.example.org' })],
    ['from an address with more to it', () => ({ origin: `${PUBLIC}/page` })],
    ['from two places', () => ({ origin: `${PUBLIC}, https://evil.example.net` })],
    ['from what is not an address', () => ({ origin: 'tocsin' })],
    ['as cross-site', () => ({ 'sec-fetch-site': 'cross-site' })],
    ['as same-site', () => ({ 'sec-fetch-site': 'same-site' })],
    ['as what nobody knows', () => ({ 'sec-fetch-site': 'near-site' })],
    ['as cross-site from here', () => ({ origin, 'sec-fetch-site': 'cross-site' })],
  ])('%s', async (_, headers) => {
    const before = await rowCounts(tocsin);
    expect(await creates(headers())).toEqual(rejected);
    expect(await rowCounts(tocsin)).toEqual(before);
  });
});

describe('it is accepted', () => {
  it.each<[string, () => Record<string, string>]>([
    ['from a program', () => ({})],
    ['from a page of the host that it goes to', () => ({ origin })],
    ['from a page of the public address', () => ({ origin: PUBLIC })],
    ['as same-origin', () => ({ origin, 'sec-fetch-site': 'same-origin' })],
    ['from the person itself', () => ({ 'sec-fetch-site': 'none' })],
  ])('%s', async (_, headers) => {
    expect(await creates(headers())).toMatchObject({ status: 201 });
  });

  it('from a page behind a proxy that takes TLS off and keeps the host', async () => {
    const name = 'tocsin.example.com';
    const sent = await creates({ origin: `https://${name}`, host: name });
    expect(sent).toMatchObject({ status: 201 });
    expect(await creates({ origin: `https://${name}`, host: `${name}:443` })).toMatchObject({
      status: 201,
    });
  });
});

/** Every route, with a value for each parameter. */
async function routes(): Promise<{ method: string; path: string }[]> {
  const { app, close } = await idleApp();
  await app.ready();
  const { paths = {} } = app.swagger() as { paths?: Record<string, Record<string, unknown>> };
  await close();
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({ method, path: path.replaceAll(/\{\w+\}/g, 'x') })),
  );
}

describe('every route', () => {
  it('that is not safe rejects another site before it reads a credential', async () => {
    const unsafe = (await routes()).filter(({ method }) => !['get', 'head'].includes(method));
    expect(unsafe.length).toBeGreaterThan(30);
    for (const { method, path } of [...unsafe, { method: 'post', path: '/nowhere' }]) {
      const response = await fetch(`${tocsin.url}${path}`, {
        method: method.toUpperCase(),
        headers: { origin: 'https://evil.example.net' },
      });
      const { code } = (await response.json()) as { code?: string };
      expect([method, path, response.status, code]).toEqual([
        method,
        path,
        403,
        'origin_not_allowed',
      ]);
    }
  });

  it('never asks a browser for Basic credentials', async () => {
    const asked = [];
    for (const { method, path } of await routes()) {
      const response = await fetch(`${tocsin.url}${path}`, { method: method.toUpperCase() });
      await response.body?.cancel();
      if (response.status !== 401) continue;
      asked.push(path);
      expect(response.headers.get('www-authenticate')).toBe('Bearer realm="tocsin"');
    }
    expect(asked.length).toBeGreaterThan(40);
  });

  it('that reads changes nothing', async () => {
    const admin = await anActor(tocsin, { role: 'admin' });
    const read = (await routes()).filter(
      ({ method, path }) => method === 'get' && path !== '/api/v1/stream',
    );
    expect(read.length).toBeGreaterThan(20);
    const before = await rowCounts(tocsin);
    for (const { path } of read) {
      const response = await fetch(`${tocsin.url}${path}`, {
        headers: { authorization: basic(admin), 'sec-fetch-site': 'cross-site' },
        redirect: 'manual',
      });
      await response.body?.cancel();
    }
    expect(await rowCounts(tocsin)).toEqual(before);
  });
});
