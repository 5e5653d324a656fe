/** What an error says of the request it is about; the class stands in the name. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { asSentence } from '../../src/errors.ts';
import { anActor, type Actor } from '../support/actors.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

const SECRET = 'correct-horse-battery';

let tocsin: Tocsin;
let alice: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  alice = await anActor(tocsin);
});
afterAll(() => tocsin.close());

it('repeats no password, token or URL, however wrong it is: logs and screens store errors', async () => {
  const long = SECRET.repeat(100);
  const cases: [string, object][] = [
    ['/sessions', { email: 'a@example.org', password: long }],
    ['/sessions', { email: `${SECRET}@@`, password: 'x' }],
    ['/invitations/accept', { token: long, password: SECRET.slice(0, 3) }],
    ['/sessions/refresh', { refresh_token: long }],
    ['/subscriptions', { url: `ftp://example.org/${SECRET}` }],
    ['/subscriptions', { url: `https://example.org/${long}` }],
  ];
  for (const [path, body] of cases) {
    const { status, text } = await alice.sends('post', path).send(body);
    expect([path, status]).toEqual([path, 400]);
    expect(text).not.toContain(SECRET);
    expect(text).not.toContain('correct');
  }
  // A value that is not free text of the caller is repeated, so that it can be found.
  const told = await alice.sends('get', '/changes').query({ limit: 'high' });
  expect(told.body.detail).toBe('`limit` must be a whole number from 1 to 10000, not "high".');
});

it('stays small and on its lines whatever names and values it repeats', async () => {
  const names = Array.from({ length: 300 }, (_, i) => `${'x'.repeat(20)}\n\u001b[2J${i}`);
  const body = Object.fromEntries(names.map((name) => [name, 1]));
  const { status, text, body: problem } = await alice.sends('post', '/keys').send(body);
  expect(status).toBe(400);
  expect(text.length).toBeLessThan(8192);
  expect(problem.errors.length).toBeLessThanOrEqual(20);
  for (const { detail, path } of problem.errors) {
    expect(`${detail}${path}`).not.toMatch(/\p{Cc}/u);
  }
});

it('ends each sentence once, whether or not another one follows', () => {
  expect(asSentence('It has ended')).toBe('It has ended.');
  for (const whole of ['It has ended.', 'Is it spelled right?'])
    expect(asSentence(whole)).toBe(whole);
});
