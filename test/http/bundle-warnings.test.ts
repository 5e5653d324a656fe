/** What is doubtful about a bundle itself: the answer says it, since nothing about an object would. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { anActor, type Actor } from '../support/actors.ts';
import { bundle, indicator } from '../support/builders.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let cert: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  cert = await anActor(tocsin);
});
afterAll(() => tocsin.close());

it.each([
  [
    'without objects',
    { type: 'bundle', id: 'bundle--2f5d3f8e-97b5-4b7c-8c0e-6d4f7d5b2a10' },
    ['bundle_empty $.objects'],
  ],
  ['with an empty list', bundle([]), ['bundle_empty $.objects']],
  ['with an id that is none', bundle([indicator()], { id: 'mine' }), ['invalid_id $.id']],
  ['with the id of an object', bundle([indicator()], { id: indicator().id }), ['invalid_id $.id']],
  ['with an id that is no text', bundle([indicator()], { id: 7 }), ['invalid_id $.id']],
  ['with an unknown member', bundle([indicator()], { x_tool: 1 }), ['unknown_member $.x_tool']],
  ['that is right', bundle([indicator()]), []],
])('a bundle %s', async (_, body, expected) => {
  for (const path of ['/bundles?dry_run=true', '/validate']) {
    const response = await cert.sends('post', path).send(body);
    expect(response.status).toBe(200);
    const { warnings = [] } = response.body as { warnings?: { code: string; path: string }[] };
    expect(warnings.map((one) => `${one.code} ${one.path}`)).toEqual(expected);
  }
});

it('that holds too many values around its objects is refused with the limit that its text names', async () => {
  const text = `{"type":"bundle","objects":[],"x":[${'1,'.repeat(60_000)}1]}`;
  const post = cert.sends('post', '/bundles').set('content-type', 'application/json');
  const { status, body } = await post.send(text);
  const { code, limit, detail } = body as { code: string; limit: number; detail: string };
  expect([status, code, limit]).toEqual([413, 'too_many_values', 50_000]);
  expect(detail).toContain(` ${limit} values`);
});
