import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, type Actor } from '../support/actors.ts';
import { aPerson } from '../support/people.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';
import { operations, wrongObjects, type Operation, type Wrong } from './wrong-inputs.ts';

let tocsin: Tocsin;
let admin: Actor;

beforeAll(async () => {
  tocsin = await startTocsin({ settings: { TOCSIN_SIGN_IN_TRIES: '100000' } });
  const owner = await anActor(tocsin, { role: 'admin' });
  admin = await (await aPerson(tocsin, owner, { role: 'admin' })).signsIn();
});
afterAll(() => tocsin.close());

/** What does not look like a UUID. */
const FORMS = [
  ['/agreements/', '2000000000'],
  ['/keys/', '0123456789ab'],
  ['/range/', '0123'],
] as const;

/** The path with ids that nothing has, in the form that each takes. */
function urlOf({ path }: Operation): string {
  const [, id = randomUUID()] = FORMS.find(([room]) => path.includes(room)) ?? [];
  return `${tocsin.url}${path.replaceAll(/\{\w+\}/g, id)}`;
}

interface Answer {
  readonly status: number;
  readonly code: string;
  readonly path: string;
  readonly detail: string;
  readonly errors?: readonly { readonly path: string; readonly detail: string }[];
}

async function send(
  operation: Operation,
  { query = '', body }: { query?: string; body?: unknown },
): Promise<Answer> {
  const { method, isPublic } = operation;
  const response = await fetch(`${urlOf(operation)}${query}`, {
    method,
    headers: {
      ...(isPublic ? {} : { authorization: `Bearer ${admin.key}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return text === ''
    ? { status: response.status, code: '', path: '', detail: '' }
    : JSON.parse(text);
}

/** Zod's own words. */
const FOREIGN =
  /Invalid|expected|received|Unrecognized|Too (big|small)|\bNaN\b|must be valid|undefined/;

function expectTold(answer: Answer, part: string, { path, told, input }: Wrong): void {
  const all = answer.errors ?? [answer];
  const where = `${part}.${path}`;
  const found = all.find((one) => one.path === where);
  const context = JSON.stringify({ input, where, all }).slice(0, 600);
  expect([answer.status, answer.code], context).toEqual([400, 'invalid_request']);
  expect(found?.detail, context).toMatch(told);
  for (const { detail } of all) {
    expect(detail, context).not.toMatch(FOREIGN);
    expect(detail, context).toMatch(/^(`[\w.[\]]+` |Unknown |Give |The \w+ )[^]*[.?]$/);
  }
  if (!told.source.startsWith('^Unknown') && !told.source.startsWith(':')) {
    expect(found?.detail, context).toContain(`\`${path}\``);
  }
}

const ALL = operations();
const named = (list: readonly Operation[]) =>
  list.map((one) => [`${one.method} ${one.path}`, one] as const);

describe('a wrong member of a body is named, with what it must be', () => {
  it.each(named(ALL.filter(({ body }) => body !== undefined)))('%s', async (_, operation) => {
    const wrong = wrongObjects(operation.body ?? {});
    expect(wrong.length).toBeGreaterThan(1);
    for (const one of wrong) expectTold(await send(operation, { body: one.input }), 'body', one);
  });
});

describe('a wrong parameter is named, with what it must be', () => {
  // A required body is looked at before the query, and the identity provider decides on its own.
  const LOOKED_AT = ALL.filter((one) => !one.isBodyRequired && !one.path.endsWith('/sso/callback'));
  it.each(named(LOOKED_AT))('%s', async (_, operation) => {
    const parameters = operation.parameters.filter((given) => given.in === 'query');
    const properties = Object.fromEntries(parameters.map(({ name, schema }) => [name, schema]));
    const wrong = wrongObjects({ type: 'object', properties, additionalProperties: false });
    for (const one of wrong) {
      const [[name, value] = ['', '']] = Object.entries(one.input as object);
      // In an address, everything is text.
      if (typeof value !== 'string' && typeof value !== 'number') continue;
      if (typeof value === 'number' && properties[name]?.type === 'string') continue;
      const query = `?${new URLSearchParams({ [name]: String(value) }).toString()}`;
      expectTold(await send(operation, { query }), 'querystring', one);
    }
  });
});

describe('a body where none is taken', () => {
  const WITHOUT = ALL.filter(
    ({ method, body, isBodyRequired }) => method !== 'GET' && body === undefined && !isBodyRequired,
  );
  it.each(named(WITHOUT))(
    '%s: may be announced and empty, or {}, and holds no member',
    async (_, one) => {
      if (one.path.endsWith('/logo')) return;
      const plain = await send(one, {});
      expect((await send(one, { body: {} })).status).toBe(plain.status);
      const headers = { authorization: `Bearer ${admin.key}`, 'content-type': 'application/json' };
      const empty = await fetch(urlOf(one), { method: one.method, headers });
      await empty.arrayBuffer();
      expect(empty.status).toBe(plain.status);
      expect(await send(one, { body: { reason: 'x' } })).toMatchObject({
        status: 400,
        code: 'invalid_request',
        path: 'body.reason',
        detail: 'Unknown member: `reason`.',
      });
    },
  );

  it('is the case of the acts that need nothing else', () => {
    expect(WITHOUT.map(({ method, path }) => `${method} ${path}`)).toEqual(
      expect.arrayContaining([
        'POST /api/v1/objects/{id}/revoke',
        'POST /api/v1/subscriptions/{id}/test',
        'POST /api/v1/agreements/{id}/end',
        'POST /api/v1/users/{id}/invitation',
        'DELETE /api/v1/keys/{id}',
      ]),
    );
  });
});

describe('a body whose members all have defaults', () => {
  const OPTIONAL = ALL.filter(({ body, isBodyRequired }) => body !== undefined && !isBodyRequired);

  it('is optional in the document', () => {
    const paths = OPTIONAL.map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining([
        '/api/v1/keys/{id}/rotate',
        '/api/v1/subscriptions/{id}/rotate-secret',
        '/api/v1/subscriptions/{id}/replay',
      ]),
    );
  });

  it.each(named(ALL.filter(({ body }) => body !== undefined)))('%s', async (_, one) => {
    const isMissing = async (answer: Promise<Answer>) => (await answer).code === 'body_missing';
    const headers = { authorization: `Bearer ${admin.key}`, 'content-type': 'application/json' };
    const empty = fetch(urlOf(one), { method: one.method, headers }).then(async (answer) => {
      const text = await answer.text();
      return text === '' ? { code: '' } : JSON.parse(text);
    });
    expect(await isMissing(send(one, {}))).toBe(one.isBodyRequired);
    expect(await isMissing(empty)).toBe(one.isBodyRequired);
  });
});
