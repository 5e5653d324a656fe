import { randomUUID } from 'node:crypto';
import { request, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { idleApp } from '../../scripts/openapi-document.ts';
import { routesOf } from '../leaks/routes.ts';
import { anActor, type Actor } from '../support/actors.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let alice: Actor;
/** Every path there is, with its methods. */
const table = new Map<string, string[]>();

beforeAll(async () => {
  tocsin = await startTocsin();
  alice = await anActor(tocsin, { role: 'admin' });
  const { app, close } = await idleApp();
  await app.ready();
  for (const route of routesOf(app)) {
    const [method = '', path = ''] = route.split(' ');
    const methods = table.get(path) ?? [];
    methods.push(...(method === 'GET' ? ['GET', 'HEAD'] : [method]));
    table.set(path.replace('docs/*', 'docs/static/*'), methods);
  }
  await close();
});
afterAll(() => tocsin.close());

interface Answer {
  readonly status: number;
  readonly allow: string | undefined;
  readonly body: unknown;
}

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND', 'QUERY', 'OPTIONS'];

/** Sends the head of a request alone, and no byte of the body that it announces. */
async function send(method: string, path: string, headers: object = {}): Promise<Answer> {
  // A client that closes after the answer gets it only after its body.
  const given: Record<string, string> = { connection: 'keep-alive', ...headers };
  const asked = request(new URL(path, tocsin.url), { method, headers: given, agent: false });
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    asked.once('response', resolve).once('error', reject);
    if ('content-length' in given) asked.flushHeaders();
    else asked.end();
  });
  const isJson = response.headers['content-type']?.includes('json') === true;
  const body: unknown = isJson ? await json(response) : null;
  asked.destroy();
  return { status: response.statusCode ?? 0, allow: response.headers.allow, body };
}

function somewhere(path: string): string {
  return path.replaceAll(/:\w+/g, randomUUID()).replaceAll('*', 'x');
}

/** A path that other patterns match too allows what all of them do. */
function methodsOf(path: string): string[] {
  const concrete = somewhere(path);
  const matching = [...table].filter(([pattern]) => {
    const source = pattern
      .replaceAll('.', '\\.')
      .replaceAll(/:\w+/g, '[^/]+')
      .replaceAll('*', '.*');
    return new RegExp(`^${source}/?$`).test(concrete);
  });
  return [...new Set(matching.flatMap(([, methods]) => methods))];
}

it('answers a method that a path does not have with 405 and Allow, to every caller, and reads no body', async () => {
  expect(table.size).toBeGreaterThan(60);
  const headers = { 'content-type': 'application/json', 'content-length': '1000' };
  for (const path of table.keys()) {
    const allowed = methodsOf(path);
    const wrong = METHODS.filter((method) => !allowed.includes(method) && method !== 'OPTIONS');
    const expected = [...allowed, 'OPTIONS'].toSorted().join(', ');
    for (const method of wrong.slice(0, 3)) {
      const answer = await send(method, somewhere(path), method === 'TRACE' ? {} : headers);
      expect([method, path, answer.status]).toEqual([method, path, 405]);
      expect(answer.allow).toBe(expected);
      expect(answer.body).toMatchObject({ code: 'method_not_allowed', path: 'method' });
    }
  }
});

it.each(METHODS.filter((method) => method !== 'OPTIONS'))(
  'gives the same answer to everybody: %s',
  async (method) => {
    const path = method === 'GET' ? '/api/v1/lookup-of-nobody' : '/api/v1/me';
    const key = { 'x-api-key': alice.key };
    const answers = [
      await send(method, path),
      await send(method, path, key),
      await send(method, path, { 'x-api-key': 'wrong' }),
    ];
    const bodies = answers.map(({ body }) => ({ ...(body as object), instance: '' }));
    expect(bodies[1]).toEqual(bodies[0]);
    expect(bodies[2]).toEqual(bodies[0]);
    expect(answers.map(({ status }) => status)).toEqual(
      Array(3).fill(method === 'GET' ? 404 : 405),
    );
  },
);

it('answers OPTIONS of every path with its methods, and of no other path', async () => {
  for (const path of table.keys()) {
    const { status, allow, body } = await send('OPTIONS', somewhere(path));
    expect([path, status, body]).toEqual([path, 204, null]);
    expect(allow).toBe([...methodsOf(path), 'OPTIONS'].toSorted().join(', '));
  }
  expect(await send('OPTIONS', '/api/v1/nothing')).toMatchObject({ status: 404, allow: undefined });
  const preflight = await fetch(`${tocsin.url}/api/v1/keys`, {
    method: 'OPTIONS',
    headers: { origin: 'https://other.example', 'access-control-request-method': 'POST' },
  });
  const cors = [...preflight.headers.keys()].filter((name) => name.startsWith('access-control'));
  expect([preflight.status, cors]).toEqual([204, []]);
});

it('answers a path with a slash at its end as without', async () => {
  const key = { 'x-api-key': alice.key };
  for (const [path, methods] of table) {
    if (!methods.includes('GET') || /[*]|stream|^.$/.test(path)) continue;
    const plain = await send('GET', somewhere(path), key);
    const slashed = await send('GET', `${somewhere(path)}/`, key);
    expect([path, slashed.status]).toEqual([path, plain.status]);
    expect(plain.status).not.toBe(405);
  }
  const made = await alice.sends('post', '/keys/').send({ role: 'feed' }).expect(201);
  expect(made.headers['location']).toBe(`/api/v1/keys/${made.body.id}`);
});

it('still answers 404 for a path that nobody made, whatever the method', async () => {
  for (const method of METHODS) {
    const { status, allow } = await send(method, '/api/v1/nothing');
    expect([method, status, allow]).toEqual([method, 404, undefined]);
  }
});
