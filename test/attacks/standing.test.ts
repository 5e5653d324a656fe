/**
 * Every route that writes asks in its transaction what the caller may do by then: where the database
 * says that the caller was revoked, nothing is written, whatever the request began as.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aCast, type Cast, type WritingRequest } from '../support/cast.ts';
import { idleApp } from '../../scripts/openapi-document.ts';
import { routesOf } from '../leaks/routes.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';
import { WRITING } from '../support/writing-routes.ts';

let tocsin: Tocsin;
let cast: Cast;
/** `standing_of` as it is, and as it would be if every caller had been revoked a moment ago. */
let standing: { readonly real: string; readonly revoked: string };

beforeAll(async () => {
  tocsin = await startTocsin();
  cast = await aCast(tocsin);
  const [row] = await tocsin.sql<{ text: string }>(
    `select pg_get_functiondef('standing_of'::regproc) as text`,
  );
  const real = row?.text ?? '';
  const revoked = real
    .replace('k.id is not null and k.revoked_at is null', 'false')
    .replace(`s.id is not null and s.ended_at is null and u.status = 'active'`, 'false');
  expect(revoked.match(/then false/g)).toHaveLength(2);
  standing = { real, revoked };
});
afterAll(() => tocsin.close());

/** Writes nothing that the caller asks for, or takes no credential of a caller. */
const NOT_WRITING: Readonly<Record<string, string>> = {
  'POST /validate': 'stores nothing',
  'POST /lookup': 'stores nothing',
  'POST /audiences/preview': 'stores nothing',
  'POST /subscriptions/:id/test': 'records what came of a POST that has been sent',
  'POST /invitations/describe': 'public: stores nothing',
  'POST /invitations/accept': 'public: the link is used up in the transaction',
  'POST /sessions': 'public: the user is locked in the transaction',
  'POST /sessions/refresh': 'public: the token is locked in the transaction',
  'POST /sessions/sign-out': 'public: the token is locked in the transaction',
  'POST /sso/second-factor': 'public: the user is locked in the transaction',
  'POST /sso/binding': 'public: the user is locked in the transaction',
};

it('every route with an unsafe method is in one of the two tables', async () => {
  const { app, close } = await idleApp();
  await app.ready();
  const unsafe = routesOf(app).filter((route) => /^(?:POST|PUT|PATCH|DELETE) /.test(route));
  await close();
  const decided = [...Object.keys(WRITING), ...Object.keys(NOT_WRITING)];
  const routes = decided.filter((name) => !name.includes(','));
  expect(unsafe.map((route) => route.replace('/api/v1', '')).toSorted()).toEqual(routes.toSorted());
});

interface Answer {
  readonly status: number;
  readonly code: unknown;
}

async function send(name: string, { who, path, body, type }: WritingRequest): Promise<Answer> {
  const plain = typeof body === 'string' || Buffer.isBuffer(body);
  const response = await fetch(`${tocsin.url}/api/v1${path}`, {
    method: name.split(' ')[0] ?? '',
    headers: {
      authorization: `Bearer ${who.key}`,
      ...(body === undefined ? {} : { 'content-type': type ?? 'application/json' }),
    },
    ...(body === undefined ? {} : { body: plain ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const { status } = response;
  return { status, code: status < 400 ? undefined : (JSON.parse(text) as { code: string }).code };
}

/** What has been written, by the number of entries that each act leaves in the audit; one leaves none. */
async function written(): Promise<unknown> {
  return tocsin.sql(
    `select action, count(*) from audit where action <> 'request.refuse' group by 1
     union all select 'secrets', count(totp_secret) from user_account order by 1`,
  );
}

describe('a caller who is revoked meanwhile writes nothing by', () => {
  it.each(Object.keys(WRITING))('%s', async (name) => {
    const request = await WRITING[name]?.(cast);
    if (request === undefined) throw new Error('No request');
    const before = await written();
    await tocsin.sql(standing.revoked);
    try {
      expect(await send(name, request)).toEqual({ status: 503, code: 'not_ready' });
    } finally {
      await tocsin.sql(standing.real);
    }
    expect(await written()).toEqual(before);
    // The very same request is good otherwise.
    const { status } = await send(name, request);
    expect(status).toBeLessThan(300);
    expect(await written()).not.toEqual(before);
  });
});
