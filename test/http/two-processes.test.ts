/** People who sign in at several processes of one server: what is good once is good at one of them. */
import { once } from 'node:events';
import { TOTP } from 'otpauth';
import pg from 'pg';
import request, { type Response } from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, type Actor } from '../support/actors.ts';
import { aPerson, type Person, type Tokens } from '../support/people.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let org: Actor;
let urls: string[];

beforeAll(async () => {
  tocsin = await startTocsin();
  org = await anActor(tocsin);
  const others = [await tocsin.another(['http']), await tocsin.another(['http'])];
  urls = [tocsin.url, ...others.map(({ url }) => url)];
});
afterAll(() => tocsin.close());

const codeOf = ({ body }: Response) => (body as { code?: string }).code;

const signOut = async (token: string): Promise<Response> =>
  request(tocsin.url).post('/api/v1/sessions/sign-out').send({ refresh_token: token }).expect(204);

/** The same request to every process at once. */
function everywhere(path: string, body: object): Promise<Response[]> {
  return Promise.all(urls.map((url) => request(url).post(`/api/v1${path}`).send(body)));
}

const statusesOf = (answers: Response[]): number[] =>
  answers.map(({ status }) => status).toSorted((a, b) => a - b);

async function enrolled(): Promise<{ person: Person; totp: TOTP; recovery: string[] }> {
  const person = await aPerson(tocsin, org);
  const actor = await person.signsIn();
  const { body } = await actor
    .sends('post', '/me/second-factor')
    .send({ password: person.password })
    .expect(201);
  const totp = new TOTP({ secret: (body as { secret: string }).secret });
  const code = totp.generate({ timestamp: tocsin.clock.now().getTime() });
  const confirmed = await actor.sends('post', '/me/second-factor/confirm').send({ code });
  tocsin.clock.advance(120_000);
  return {
    person,
    totp,
    recovery: (confirmed.body as { recovery_codes: string[] }).recovery_codes,
  };
}

describe('at several processes', () => {
  it('wrong passwords are counted together, and after a restart', async () => {
    const { email, password } = await aPerson(tocsin, org);
    const tries: number[] = [];
    for (let i = 0; i < 2; i++) {
      tries.push(...statusesOf(await everywhere('/sessions', { email, password: 'no' })));
    }
    expect(tries.filter((status) => status === 401)).toHaveLength(5);
    expect(tries.filter((status) => status === 429)).toHaveLength(1);
    const fresh = await tocsin.another(['http']);
    const late = await request(fresh.url).post('/api/v1/sessions').send({ email, password });
    expect([late.status, codeOf(late)]).toEqual([429, 'too_many_attempts']);
    await fresh.close();
  });

  it('a code of the second factor serves at one of them', async () => {
    const { person, totp } = await enrolled();
    const { email, password } = person;
    const code = totp.generate({ timestamp: tocsin.clock.now().getTime() });
    expect(statusesOf(await everywhere('/sessions', { email, password, code }))).toEqual([
      201, 401, 401,
    ]);
  });

  it('a recovery code serves at one of them', async () => {
    const { person, recovery } = await enrolled();
    const { email, password } = person;
    const wish = { email, password, code: recovery[0] };
    expect(statusesOf(await everywhere('/sessions', wish))).toEqual([201, 401, 401]);
  });

  it('a refresh token serves at one of them, and the session ends', async () => {
    const person = await aPerson(tocsin, org);
    const { refresh_token: token, access_token: access } = await person.tokens();
    const answers = await everywhere('/sessions/refresh', { refresh_token: token });
    expect(statusesOf(answers)).toEqual([200, 401, 401]);
    const won = answers.find(({ status }) => status === 200)?.body as Tokens;
    for (const key of [access, won.access_token]) {
      for (const url of urls) {
        const refused = await request(url).get('/api/v1/me').set('x-api-key', key);
        expect([refused.status, codeOf(refused)]).toEqual([401, 'session_ended']);
      }
    }
  });

  it('an access token of one is good at the others, until its session ends at any', async () => {
    const person = await aPerson(tocsin, org);
    const { access_token: key, refresh_token: token } = await person.tokens();
    for (const url of urls) {
      await request(url).get('/api/v1/me').set('x-api-key', key).expect(200);
    }
    const [, , last = ''] = urls;
    await request(last).post('/api/v1/sessions/sign-out').send({ refresh_token: token });
    for (const url of urls) {
      await request(url).get('/api/v1/me').set('x-api-key', key).expect(401);
    }
  });

  it('each learns at once of what ends open streams', async () => {
    const chief = await anActor(tocsin, { role: 'admin' });
    const person = await aPerson(tocsin, org);
    const { session } = await person.tokens();
    const second = await person.signsIn();
    const listener = new pg.Client({ connectionString: tocsin.databaseUrl });
    await listener.connect();
    await listener.query('listen tocsin_standing');
    const told = async (act: () => Promise<unknown>): Promise<void> => {
      const notice = once(listener, 'notification', { signal: AbortSignal.timeout(10_000) });
      await act();
      await notice;
    };
    try {
      await told(() => second.sends('delete', `/sessions/${session}`).expect(204));
      await told(() => person.tokens().then((own) => signOut(own.refresh_token)));
      const path = `/users/${person.id}`;
      await told(() => chief.sends('patch', path).send({ status: 'disabled' }).expect(200));
      const [, id = ''] = org.key.split('_');
      await told(() => chief.sends('post', `/keys/${id}/rotate`).send({}).expect(201));
      await told(() => chief.sends('delete', `/keys/${id}`).expect(204));
    } finally {
      await listener.end();
    }
  });
});
