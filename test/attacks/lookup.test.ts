/** What somebody may try with look-up: learn what others see, exhaust memory, make the database work. */
import { Readable } from 'node:stream';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LookupResult } from '../../src/stix/lookup/results.ts';
import { anActor, type Actor } from '../support/actors.ts';
import { indicator } from '../support/builders.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let alice: Actor;
let bob: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  [alice, bob] = [await anActor(tocsin), await anActor(tocsin)];
});
afterAll(() => tocsin.close());

const listing = (name: string) => indicator({ pattern: `[domain-name:value = '${name}']` });

async function post(actor: Actor, body: Readable | string, type = 'text/plain') {
  const { statusCode, body: answer } = await request(`${tocsin.url}/api/v1/lookup`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${actor.key}`,
      'content-type': type,
      accept: 'application/x-ndjson',
    },
    body,
  });
  return { status: statusCode, text: await answer.text() };
}

describe('a value that only others may see', () => {
  const [hidden, unlisted] = ['hidden-a.example', 'absent-b.example'];
  beforeAll(async () => {
    await alice.shares(listing(hidden), { audience: alice.slug });
  });

  it.each([
    ['by itself', (name: string) => name],
    ['as a host', (name: string) => `http://${name}/x`],
    ['as a parent domain', (name: string) => `www.${name}`],
  ])('is answered byte for byte as one that nobody lists: %s', async (_, ask) => {
    const answerTo = async (actor: Actor, name: string) => {
      const path = `/lookup/${encodeURIComponent(ask(name))}?subdomains=true`;
      const { text } = await actor.sends('get', path);
      return text.replaceAll(name, 'NAME');
    };
    expect(await answerTo(bob, hidden)).toBe(await answerTo(bob, unlisted));
    // The negative control: a member that may see it is answered otherwise.
    expect(await answerTo(alice, hidden)).not.toBe(await answerTo(alice, unlisted));
  });
});

describe('a body', () => {
  it('of many lines of garbage is answered line by line, whatever they are', async () => {
    const lines = 20_000;
    async function* garbage() {
      for (let i = 0; i < lines; i++) yield `%_'"\\;--${i} \u0000\u202E\n`;
    }
    const { status, text } = await post(bob, Readable.from(garbage()));
    expect(status).toBe(200);
    expect(text.trimEnd().split('\n')).toHaveLength(lines);
  });

  it('with a value of a megabyte is answered with an error for that line, and the others', async () => {
    const body = `a.example\n${'x'.repeat(1_000_000)}\nb.example\n`;
    const { text } = await post(bob, body);
    const results = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as LookupResult);
    expect(results.map(({ error }) => error?.code)).toEqual([
      undefined,
      'value_too_long',
      undefined,
    ]);
    expect(text.length).toBeLessThan(2000);
  });

  it('of JSON beyond its limit is refused before it is parsed', async () => {
    const { status, text } = await post(
      bob,
      `{"values":["${'x'.repeat(9_000_000)}"]}`,
      'application/json',
    );
    expect([status, (JSON.parse(text) as { code: string }).code]).toEqual([413, 'body_too_large']);
  });

  it('of a caller that loses its rights while it is sent brings no more', async () => {
    const carol = await anActor(tocsin);
    async function* slowly() {
      yield 'a.example\n'.repeat(1000);
      await tocsin.sql(`update api_key set revoked_at = now() where id = $1`, [
        carol.key.split('_')[1],
      ]);
      tocsin.clock.advance(2000);
      yield 'b.example\n'.repeat(1000);
    }
    expect((await post(carol, Readable.from(slowly()))).status).toBe(401);
  });
});

it('characters of SQL and patterns stand for themselves', async () => {
  await alice.shares(listing('percent.example'));
  for (const value of ['%', '%.example', '_______.example', "' or true --", '*.example', '.*']) {
    const { text } = await bob.sends('get', `/lookup/${encodeURIComponent(value)}`);
    expect((JSON.parse(text) as LookupResult).hits, value).toEqual([]);
  }
});

it('a value that thousands list has a hundred hits, and says that there are more', async () => {
  const many = Array.from({ length: 150 }, () => listing('common.example'));
  await alice.shares(many);
  const { body } = await bob.sends('get', '/lookup/common.example');
  const { hits, truncated } = body as LookupResult;
  expect([hits.length, truncated]).toEqual([100, true]);
});
