import request, { type Response } from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, type Actor } from '../support/actors.ts';
import { aPerson, cookiesOf } from '../support/people.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let org: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  org = await anActor(tocsin);
});
afterAll(() => tocsin.close());

const post = (path: string) => request(tocsin.url).post(`/api/v1${path}`);
const codeOf = ({ body }: Response) => (body as { code?: string }).code;

describe('the cookie', () => {
  it('is for this server alone, over https, and no script reads it', async () => {
    const person = await aPerson(tocsin, org);
    const response = await person.triesToSignIn({ refresh_token_in: 'cookie' }).expect(201);
    expect(response.body).not.toHaveProperty('refresh_token');
    const cookies = [response.headers['set-cookie'] ?? []].flat();
    expect(cookies).toHaveLength(2);
    for (const cookie of cookies) {
      expect(cookie).toMatch(/^__Secure-tocsin-\w+=[\w%-]+; /);
      for (const part of ['HttpOnly', 'Secure', 'SameSite=Strict', 'Path=/api/v1/sessions']) {
        expect(cookie).toContain(`; ${part}`);
      }
    }
  });

  const origins: [string, number, (own: string) => Record<string, string>][] = [
    ['from a page of this server', 200, (own) => ({ origin: own })],
    ['so, as the browser says', 200, () => ({ 'sec-fetch-site': 'same-origin' })],
    ['from another site', 403, () => ({ origin: 'https://evil.example' })],
    [
      'from a neighbour under the same domain',
      403,
      (own) => ({ origin: own, 'sec-fetch-site': 'same-site' }),
    ],
    ['from nowhere', 403, () => ({ origin: 'null' })],
    ['without a word of where from', 403, () => ({})],
  ];
  it.each(origins)('%s: %i', async (_, status, headers) => {
    const person = await aPerson(tocsin, org);
    const signedIn = await person.triesToSignIn({ refresh_token_in: 'cookie' }).expect(201);
    const cookie = cookiesOf(signedIn);
    const response = await post('/sessions/refresh').set({ ...headers(tocsin.url), cookie });
    expect(response.status).toBe(status);
    if (status === 403) expect(codeOf(response)).toBe('origin_not_allowed');
    const left = await post('/sessions/sign-out').set({ ...headers(tocsin.url), cookie });
    expect(left.status).toBe(status === 200 ? 204 : status);
  });

  it('alone opens no route', async () => {
    const person = await aPerson(tocsin, org);
    const signedIn = await person.triesToSignIn({ refresh_token_in: 'cookie' }).expect(201);
    const cookie = cookiesOf(signedIn);
    const response = await request(tocsin.url)
      .get('/api/v1/me')
      .set({ cookie, origin: tocsin.url });
    expect([response.status, codeOf(response)]).toEqual([401, 'key_missing']);
  });
});
