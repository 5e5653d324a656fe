import { request as send } from 'node:http';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { ProblemCode } from '../../src/errors.ts';
import { DOORS } from '../../src/http/doors.ts';
import { anActor, type Actor } from '../support/actors.ts';
import { BYTES_MAX, ErrorBody, MEDIA_TYPE, PREFIX, secondDoor } from '../support/second-door.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let alice: Actor;

beforeAll(async () => {
  tocsin = await startTocsin({ doors: [...DOORS, secondDoor] });
  alice = await anActor(tocsin);
});
afterAll(() => tocsin.close());

interface Asked {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Without a key. */
  readonly anonymous?: boolean;
}

interface Answer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Sends the path as it is, which fetch would not. */
async function ask({
  method = 'GET',
  path,
  headers = {},
  body,
  anonymous,
}: Asked): Promise<Answer> {
  const key = anonymous === true ? {} : { authorization: `Bearer ${alice.key}` };
  const { hostname, port } = new URL(tocsin.url);
  const asked = send({
    hostname,
    port,
    method,
    path,
    agent: false,
    headers: { ...key, ...headers },
  });
  const answered = once(asked, 'response');
  asked.end(body);
  const [response] = await answered;
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

const OWN = { 'content-type': MEDIA_TYPE };
const words = (...list: unknown[]): string => JSON.stringify({ words: list });

/** What can go wrong below either prefix: the same code, in the form of the door. */
const FAULTS: readonly {
  readonly name: string;
  readonly code: ProblemCode;
  readonly second: Asked;
  readonly rest: Asked;
}[] = [
  {
    name: 'an unknown path',
    code: 'not_found',
    second: { path: `${PREFIX}/nothing` },
    rest: { path: '/api/v1/nothing' },
  },
  {
    name: 'the prefix itself',
    code: 'not_found',
    second: { path: PREFIX },
    rest: { path: '/api/v1' },
  },
  {
    name: 'a method that the path does not have',
    code: 'method_not_allowed',
    second: { method: 'DELETE', path: `${PREFIX}/words/` },
    rest: { method: 'DELETE', path: '/api/v1/bundles' },
  },
  {
    name: 'no key',
    code: 'key_missing',
    second: { method: 'POST', path: `${PREFIX}/words/`, headers: OWN, body: '{}', anonymous: true },
    rest: { path: '/api/v1/me', anonymous: true },
  },
  {
    name: 'a key in the address',
    code: 'key_in_url',
    second: { method: 'POST', path: `${PREFIX}/words/?api_key=x`, headers: OWN, body: '{}' },
    rest: { path: '/api/v1/me?api_key=x' },
  },
  {
    name: 'the media type of the other door',
    code: 'content_type_unsupported',
    second: {
      method: 'POST',
      path: `${PREFIX}/words/`,
      headers: { 'content-type': 'application/json' },
      body: words('a'),
    },
    rest: { method: 'POST', path: '/api/v1/subscriptions', headers: OWN, body: '{}' },
  },
  {
    name: 'a body that is too large',
    code: 'body_too_large',
    second: {
      method: 'POST',
      path: `${PREFIX}/words/`,
      headers: OWN,
      body: words('a'.repeat(BYTES_MAX)),
    },
    rest: {
      method: 'POST',
      path: '/api/v1/subscriptions',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ url: 'a'.repeat(20_000) }),
    },
  },
  {
    name: 'an encoding that the route does not take',
    code: 'content_encoding_unsupported',
    second: {
      method: 'POST',
      path: `${PREFIX}/words/`,
      headers: { ...OWN, 'content-encoding': 'gzip' },
      body: 'x',
    },
    rest: {
      method: 'POST',
      path: '/api/v1/subscriptions',
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      body: 'x',
    },
  },
  {
    name: 'a body that is not valid',
    code: 'invalid_request',
    second: { method: 'POST', path: `${PREFIX}/words/`, headers: OWN, body: words(1) },
    rest: {
      method: 'POST',
      path: '/api/v1/subscriptions',
      headers: { 'content-type': 'application/json' },
      body: '{"url":1}',
    },
  },
  {
    name: 'an address that cannot be read',
    code: 'invalid_request',
    second: { path: `${PREFIX}/%zz` },
    rest: { path: '/api/v1/%zz' },
  },
  {
    name: 'U+0000 in the address',
    code: 'nul_character',
    second: { path: `${PREFIX}/%00` },
    rest: { path: '/api/v1/%00' },
  },
];

const Problem = z.looseObject({ type: z.string(), code: z.string(), instance: z.string() });

describe('a second door', () => {
  it('takes bodies of its own media type, and answers with its own', async () => {
    const answer = await ask({
      method: 'POST',
      path: `${PREFIX}/words`,
      headers: OWN,
      body: words('a', 'b'),
    });
    expect(answer).toMatchObject({ status: 200, body: '{"count":2}' });
  });

  it.each(FAULTS)('answers $name in its own form', async ({ code, second }) => {
    const { status, headers, body } = await ask(second);
    const error = ErrorBody.parse(JSON.parse(body));
    expect(error).toMatchObject({ error_code: code, http_status: String(status) });
    expect(headers['content-type']).toBe(`${MEDIA_TYPE};version=1`);
    const challenge = status === 401 ? 'Basic realm="second"' : undefined;
    expect(headers['www-authenticate']).toBe(challenge);
  });

  it('answers its crashes in its own form, and tells nothing of them', async () => {
    const { status, body } = await ask({ path: `${PREFIX}/crash` });
    expect(status).toBe(500);
    expect(ErrorBody.parse(JSON.parse(body)).error_code).toBe('internal_error');
    expect(body).not.toContain('a fault of the code');
  });
});

describe('the REST door beside it', () => {
  it.each(FAULTS)('answers $name as a problem', async ({ code, rest }) => {
    const { status, headers, body } = await ask(rest);
    expect(Problem.parse(JSON.parse(body))).toMatchObject({ code, status });
    expect(headers['content-type']).toBe('application/problem+json; charset=utf-8');
    const challenge = status === 401 ? 'Bearer realm="tocsin"' : undefined;
    expect(headers['www-authenticate']).toBe(challenge);
  });

  it.each(['/', '/secondary', '/second-door', '/nothing', '/%zz'])(
    'is not asked for %s, which is of no door',
    async (path) => {
      const { headers, body } = await ask({ path: `${path}?`, method: 'DELETE' });
      expect(headers['content-type']).toBe('application/problem+json; charset=utf-8');
      expect(Problem.parse(JSON.parse(body)).type).toMatch(/^\/docs\/errors\//);
    },
  );
});
