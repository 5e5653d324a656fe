import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { anActor, type Actor } from '../support/actors.ts';
import { bundle, indicator, type PostedObject } from '../support/builders.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

const Schema = z.record(z.string(), z.unknown());
const Media = z.record(z.string(), z.object({ schema: Schema }));
const Responses = z.record(z.string(), z.object({ content: Media.optional() }));
const document = z
  .object({
    components: z.object({ schemas: z.record(z.string(), Schema) }),
    paths: z.record(z.string(), z.record(z.string(), z.object({ responses: Responses }))),
  })
  .parse(parse(readFileSync(join(import.meta.dirname, '../../openapi.yaml'), 'utf8')));

/** A schema with the ones that it refers to in their places. */
function whole(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (_key, part: unknown) => {
    if (typeof part !== 'object' || part === null || !('$ref' in part)) return part;
    return whole(document.components.schemas[String(part.$ref).split('/').at(-1) ?? '']);
  });
}

interface Call {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly body?: string;
  readonly headers?: Record<string, string>;
}

let tocsin: Tocsin;
let actor: Actor;
let shared: PostedObject;

beforeAll(async () => {
  tocsin = await startTocsin();
  actor = await anActor(tocsin);
  shared = indicator();
  await actor.shares(shared);
});
afterAll(() => tocsin.close());

const JSON_TYPE = { 'content-type': 'application/json' };

/** Calls, and holds what comes against what the document says of `path`. */
async function hold(
  path: string,
  url: string,
  expected: number,
  call: Call = {},
): Promise<unknown> {
  const { method = 'GET' } = call;
  const answer = await fetch(`${tocsin.url}${url}`, {
    ...call,
    headers: { authorization: `Bearer ${actor.key}`, ...call.headers },
  });
  expect(answer.status).toBe(expected);
  const said = document.paths[path]?.[method.toLowerCase()]?.responses[String(expected)];
  expect(said, `${method} ${path} ${expected} is documented`).toBeDefined();
  const given = await answer.text();
  if (said?.content === undefined) return expect(given).toBe('');
  const [type = ''] = (answer.headers.get('content-type') ?? '').split(';');
  const schema = said.content[type]?.schema;
  expect(schema, `${type} is documented`).toBeDefined();
  const value: unknown = /[/+]json$/.test(type) ? JSON.parse(given) : given;
  expect(faults(schema, value)).toEqual([]);
  return value;
}

/** What is wrong with a value, by the schema of the document. */
function faults(schema: unknown, value: unknown): readonly unknown[] {
  const checked = z.fromJSONSchema(whole(schema) as z.core.JSONSchema.JSONSchema).safeParse(value);
  return checked.error?.issues ?? [];
}

describe('the answers of a running server', () => {
  it('would fail if they were not documented', () => {
    const me = { $ref: '#/components/schemas/Me' };
    expect(faults(me, { organisation: {} })).not.toEqual([]);
  });

  it('to posts are as documented', async () => {
    const post = (objects: unknown[]): Call => ({
      method: 'POST',
      headers: JSON_TYPE,
      body: JSON.stringify(bundle(objects)),
    });
    const path = '/api/v1/bundles';
    const fresh = indicator({ x_score: 7 });
    await hold(path, path, 200, post([fresh, { ...indicator(), pattern: '[' }]));
    await hold(path, path, 200, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: `${JSON.stringify(indicator())}\n{"type":\n`,
    });
    await hold('/api/v1/validate', '/api/v1/validate', 200, post([fresh, 7]));
    await hold(path, path, 400, { method: 'POST', headers: JSON_TYPE, body: '{' });
    await hold(path, path, 415, {
      method: 'POST',
      headers: { 'content-type': 'text/csv' },
      body: 'a',
    });
    await hold(path, `${path}?atomic=true`, 422, post([{ ...indicator(), pattern: '[' }]));
    await hold(path, path, 401, { ...post([]), headers: { ...JSON_TYPE, authorization: 'no' } });
  });

  it('to one indicator are as documented', async () => {
    const path = '/api/v1/indicators';
    const one = indicator();
    const post = (object: unknown): Call => ({
      method: 'POST',
      headers: JSON_TYPE,
      body: JSON.stringify(object),
    });
    await hold(path, path, 201, post(one));
    await hold(path, path, 200, post(one));
    await hold(path, path, 409, post({ ...one, name: 'Another' }));
    await hold(path, path, 422, post({ ...indicator(), pattern: '[' }));
  });

  it('to readers are as documented', async () => {
    await hold('/api/v1/me', '/api/v1/me', 200);
    const changes = '/api/v1/changes';
    await hold(changes, changes, 200);
    const ndjson = { headers: { accept: 'application/x-ndjson' } };
    await hold(changes, `${changes}?limit=2`, 200, ndjson);
    await hold(changes, `${changes}?limit=0`, 400);
    await hold(changes, `${changes}?after=nonsense`, 400);
    await hold(changes, changes, 406, { headers: { accept: 'image/png' } });
    const object = '/api/v1/objects/{id}';
    await hold(object, `/api/v1/objects/${shared.id}`, 200);
    await hold(object, `/api/v1/objects/${shared.id}?version=all`, 200);
    await hold(object, '/api/v1/objects/indicator--0', 404);
    await hold('/api/v1/stream', '/api/v1/stream?after=nonsense', 400);
  });

  it('about subscriptions are as documented', async () => {
    const path = '/api/v1/subscriptions';
    const one = `${path}/{id}`;
    const wish = { url: 'http://127.0.0.1:9/hook', filter: { types: ['indicator'] } };
    const send = (method: 'POST' | 'PATCH', body: object): Call => ({
      method,
      headers: JSON_TYPE,
      body: JSON.stringify(body),
    });
    const made = await hold(path, path, 201, send('POST', wish));
    const { id } = z.object({ id: z.string() }).parse(made);
    await hold(path, path, 400, send('POST', { url: 'ftp://example.com' }));
    await hold(path, path, 200);
    await hold(one, `${path}/${id}`, 200);
    await hold(one, `${path}/${id}`, 200, send('PATCH', { state: 'paused' }));
    await hold(`${one}/test`, `${path}/${id}/test`, 200, { method: 'POST' });
    await hold(`${one}/attempts`, `${path}/${id}/attempts`, 200);
    await hold(`${one}/replay`, `${path}/${id}/replay`, 200, send('POST', { start: 'now' }));
    await hold(`${one}/rotate-secret`, `${path}/${id}/rotate-secret`, 200, send('POST', {}));
    await hold(one, `${path}/${id}`, 204, { method: 'DELETE' });
    await hold(one, `${path}/${id}`, 404);
  });

  it('to the operator are as documented', async () => {
    await hold('/healthz', '/healthz', 200);
    await hold('/readyz', '/readyz', 200);
    const { key } = await actor.as('admin');
    const headers = { authorization: `Bearer ${key}` };
    await hold('/metrics', '/metrics', 200, { headers });
  });
});
