/** What a stranger or a proxy's client can pretend at the edge. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningServer } from '../../src/commands/serve/serve.ts';
import { createLogger } from '../../src/telemetry.ts';
import { anActor, keyOf, type Actor } from '../support/actors.ts';
import { aPerson } from '../support/people.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

const CLIENT = '203.0.113.5';
const INSIDE = '198.51.100.7';
const lines: string[] = [];
const token = randomBytes(32).toString('hex');

let directory: string;
let tocsin: Tocsin;
/** Trusts what comes from loopback. */
let behindProxy: RunningServer;
let alice: Actor;
let admin: Actor;
/** Of alice, for INSIDE alone. */
let boundKey: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tocsin-edge-'));
  const tokenFile = join(directory, 'token');
  await writeFile(tokenFile, `${token}\n`);
  const logger = createLogger('info', { write: (line) => void lines.push(line) });
  tocsin = await startTocsin({ logger, settings: { TOCSIN_METRICS_TOKEN_FILE: tokenFile } });
  behindProxy = await tocsin.another(['http'], {
    TOCSIN_TRUSTED_PROXIES: '127.0.0.0/8',
    TOCSIN_DOCS: 'members',
    TOCSIN_PUBLIC_URL: 'https://tocsin.example.org',
  });
  alice = await anActor(tocsin);
  admin = await (await anActor(tocsin)).as('admin');
  const made = await alice
    .sends('post', '/keys')
    .send({ role: 'publisher', networks: [`${INSIDE}/32`] })
    .expect(201);
  boundKey = (made.body as { key: string }).key;
});
afterAll(async () => {
  await tocsin.close();
  await rm(directory, { recursive: true });
});

describe('an address is what the nearest trusted proxy says', () => {
  const me = (url: string, forwarded?: string) => {
    const asked = request(url).get('/api/v1/me').set('x-api-key', boundKey);
    return forwarded === undefined ? asked : asked.set('x-forwarded-for', forwarded);
  };

  it('so that a key bound to a network opens nothing by a header alone', async () => {
    const { body } = await me(tocsin.url, INSIDE).expect(403);
    expect(body).toMatchObject({ code: 'network_not_allowed' });
  });

  it('so that a key bound to a network works behind the proxy, from there only', async () => {
    await me(behindProxy.url, INSIDE).expect(200);
    await me(behindProxy.url, `${CLIENT}, ${INSIDE}`).expect(200);
    await me(behindProxy.url, CLIENT).expect(403);
    await me(behindProxy.url).expect(403);
  });

  it('and nothing that the client itself wrote', async () => {
    await me(behindProxy.url, `${INSIDE}, ${CLIENT}`).expect(403);
    await me(behindProxy.url, `${INSIDE}, 127.0.0.1, ${CLIENT}`).expect(403);
    const header = { forwarded: `for=${INSIDE}`, 'x-real-ip': INSIDE, 'client-ip': INSIDE };
    await me(behindProxy.url, CLIENT).set(header).expect(403);
  });

  it('in every line of the log', async () => {
    const before = lines.length;
    await me(behindProxy.url, `${INSIDE}, 192.0.2.33`).expect(403);
    const addresses = () =>
      lines.slice(before).map((line) => (JSON.parse(line) as { address?: string }).address);
    await expect.poll(addresses).toContain('192.0.2.33');
    expect(addresses()).not.toContain(INSIDE);
  });

  it('so that wrong keys of one client do not count for another', async () => {
    const limited = await tocsin.another(['http'], {
      TOCSIN_TRUSTED_PROXIES: '127.0.0.0/8',
      TOCSIN_RATE_WRONG_KEYS: '1',
    });
    const wrong = (address: string) =>
      request(limited.url)
        .get('/api/v1/me')
        .set('x-api-key', 'wrong')
        .set('x-forwarded-for', address);
    await wrong(CLIENT).expect(401);
    await wrong(CLIENT).expect(429);
    await wrong(INSIDE).expect(401);
    // Entries that the client makes up do not give it another count.
    await wrong(`192.0.2.77, ${CLIENT}`).expect(429);
  });

  it('in the list of sessions and in the audit, for acts and for refusals', async () => {
    const person = await aPerson(tocsin, alice, { role: 'analyst' });
    const { email, password } = person;
    const began = await request(behindProxy.url)
      .post('/api/v1/sessions')
      .set('x-forwarded-for', `192.0.2.1, ${CLIENT}`)
      .send({ email, password })
      .expect(201);
    const { access_token: access } = began.body as { access_token: string };
    const listed = await request(behindProxy.url)
      .get('/api/v1/sessions')
      .set('authorization', `Bearer ${access}`)
      .expect(200);
    expect(listed.body).toMatchObject({ sessions: [{ address: CLIENT }] });
    await me(behindProxy.url, INSIDE).expect(200);
    await request(behindProxy.url)
      .post('/api/v1/subscriptions')
      .set('authorization', `Bearer ${alice.key}`)
      .set('x-forwarded-for', CLIENT)
      .send({ url: 'http://127.0.0.1:9/hook' })
      .expect(201);
    await me(behindProxy.url, '203.0.113.99').expect(403);
    // What was counted in memory is written when a server stops.
    await behindProxy.close();
    const rows = await tocsin.sql<{ action: string; address: string | null }>(
      `select action, host(address) as address from audit
       where action in ('session.begin', 'subscription.create')
         or (action = 'request.refuse' and detail ->> 'code' = 'network_not_allowed')`,
    );
    expect(rows).toEqual(
      expect.arrayContaining([
        { action: 'session.begin', address: CLIENT },
        { action: 'subscription.create', address: CLIENT },
        { action: 'request.refuse', address: '203.0.113.99' },
      ]),
    );
    behindProxy = await tocsin.another(['http'], {
      TOCSIN_TRUSTED_PROXIES: '127.0.0.0/8',
      TOCSIN_DOCS: 'members',
      TOCSIN_PUBLIC_URL: 'https://tocsin.example.org',
    });
  });
});

describe('/metrics is not given by address', () => {
  const metrics = (url: string) => request(url).get('/metrics');

  it('to a client on the same machine, such as a proxy that adds no header', async () => {
    const { body } = await metrics(tocsin.url).expect(401);
    expect(body).toMatchObject({ code: 'key_missing' });
    await metrics(behindProxy.url).set('x-forwarded-for', '127.0.0.1').expect(401);
  });

  it('but by the token of the operator or the key of an admin', async () => {
    const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });
    expect((await metrics(tocsin.url).set(bearer(token)).expect(200)).text).toContain('tocsin_');
    await metrics(tocsin.url).set(bearer(admin.key)).expect(200);
    await metrics(tocsin.url).set(bearer(alice.key)).expect(403);
    await metrics(tocsin.url)
      .set(bearer(`${token.slice(1)}0`))
      .expect(401);
    await metrics(tocsin.url).set(bearer('')).expect(401);
  });

  it('and the token opens nothing else', async () => {
    const asked = request(tocsin.url).get('/api/v1/me').set('authorization', `Bearer ${token}`);
    await asked.expect(401);
  });

  it('or on a port that has nothing else', async () => {
    const url = tocsin.metricsUrl;
    expect((await metrics(url).expect(200)).text).toContain('tocsin_');
    for (const path of ['/', '/healthz', '/api/v1/me', '/docs']) {
      await request(url).get(path).set('x-api-key', admin.key).expect(404);
    }
  });
});

it('the documents can be for members only', async () => {
  for (const path of ['/docs', '/docs/json', '/openapi.json', '/docs/errors/not_found']) {
    await request(tocsin.url).get(path).expect(200);
    const refused = await request(behindProxy.url).get(path).expect(401);
    expect(refused.headers['www-authenticate']).toBe('Basic realm="tocsin"');
    const feed = await keyOf(tocsin, alice.slug, 'feed');
    await request(behindProxy.url).get(path).auth('any', feed).expect(200);
  }
});
