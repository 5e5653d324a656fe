import request, { type Response } from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, type Actor } from '../support/actors.ts';
import { indicator, marked } from '../support/builders.ts';
import { follow } from '../support/follow.ts';
import { aPerson, anEmail, cookiesOf, type Tokens } from '../support/people.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let org: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  org = await anActor(tocsin);
});
afterAll(() => tocsin.close());

const post = (path: string) => request(tocsin.url).post(`/api/v1${path}`);
const refresh = (token: string) => post('/sessions/refresh').send({ refresh_token: token });
const codeOf = ({ body }: Response) => (body as { code?: string }).code;

describe('POST /sessions', () => {
  it('gives tokens of which the one serves as a key, with role and organisation', async () => {
    const person = await aPerson(tocsin, org, { role: 'publisher' });
    const response = await person.triesToSignIn().expect(201);
    expect(response.body).toMatchObject({ token_type: 'Bearer', expires_in: 540 });
    const { access_token: token, session } = response.body as Tokens;
    const me = await person.with(token).sends('get', '/me').expect(200);
    expect(me.body).toMatchObject({
      organisation: { slug: org.slug },
      key: null,
      user: { id: person.id, email: person.email, role: 'publisher', session },
    });
    for (const headers of [{ 'x-api-key': token }, { authorization: `Token ${token}` }]) {
      await request(tocsin.url).get('/api/v1/me').set(headers).expect(200);
    }
  });

  it('takes the address in any case', async () => {
    const person = await aPerson(tocsin, org);
    await person.triesToSignIn({ email: person.email.toUpperCase() }).expect(201);
  });

  it('answers the same whether the user is unknown, disabled or has another password', async () => {
    const [person, disabled] = [await aPerson(tocsin, org), await aPerson(tocsin, org)];
    await org.sends('patch', `/users/${disabled.id}`).send({ status: 'disabled' }).expect(200);
    const answers = [
      await person.triesToSignIn({ password: 'something else' }),
      await person.triesToSignIn({ email: anEmail() }),
      await disabled.triesToSignIn(),
    ];
    const bodies = answers.map(({ body }) => ({ ...(body as object), instance: '' }));
    expect(bodies[0]).toMatchObject({ status: 401, code: 'sign_in_failed' });
    expect(bodies[1]).toEqual(bodies[0]);
    expect(bodies[2]).toEqual(bodies[0]);
  });

  it('lets who guesses wait, and nobody else', async () => {
    const [person, other] = [await aPerson(tocsin, org), await aPerson(tocsin, org)];
    const known = await person.triesToSignIn({ refresh_token_in: 'cookie' }).expect(201);
    for (let i = 0; i < 5; i++) {
      await person.triesToSignIn({ password: 'something else' }).expect(401);
    }
    const late = await person.triesToSignIn();
    expect([late.status, codeOf(late)]).toEqual([429, 'too_many_attempts']);
    expect(Number(late.headers['retry-after'])).toBeGreaterThan(0);
    await other.triesToSignIn().expect(201);
    // A browser by which the user has signed in before is counted for itself.
    await person.triesToSignIn().set('cookie', cookiesOf(known)).expect(201);
    const foreign = await other.triesToSignIn({ refresh_token_in: 'cookie' }).expect(201);
    await person.triesToSignIn().set('cookie', cookiesOf(foreign)).expect(429);
  });

  it('lets ten tries at once count as ten', async () => {
    const person = await aPerson(tocsin, org);
    const tries = Array.from({ length: 10 }, () => person.triesToSignIn({ password: 'no' }));
    const statuses = (await Promise.all(tries)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 401)).toHaveLength(5);
    expect(statuses.filter((status) => status === 429)).toHaveLength(5);
  });

  it.each([
    ['an address that is none', { email: 'nobody', password: 'x' }],
    ['no password', { email: 'a@example.org' }],
    ['more than is asked', { email: 'a@example.org', password: 'x', role: 'admin' }],
    ['a long password', { email: 'a@example.org', password: 'x'.repeat(8 * 1024) }],
  ])('refuses %s', async (_, body) => {
    const response = await post('/sessions').send(body);
    expect([response.status, codeOf(response)]).toEqual([400, 'invalid_request']);
  });
});

describe('a refresh token', () => {
  it('is good once, and gives the next', async () => {
    const person = await aPerson(tocsin, org);
    const first = await person.tokens();
    const { body } = await refresh(first.refresh_token).expect(200);
    const next = body as Tokens;
    expect(next.session).toBe(first.session);
    expect(next.refresh_token).not.toBe(first.refresh_token);
    await person.with(next.access_token).sends('get', '/me').expect(200);
  });

  it('used again ends the whole session, and the audit tells', async () => {
    const person = await aPerson(tocsin, org);
    const first = await person.tokens();
    const other = await person.signsIn();
    const { body } = await refresh(first.refresh_token).expect(200);
    const next = body as Tokens;
    const reused = await refresh(first.refresh_token);
    expect([reused.status, codeOf(reused)]).toEqual([401, 'refresh_token_reused']);
    for (const { access_token: token } of [first, next]) {
      const refused = await person.with(token).sends('get', '/me');
      expect([refused.status, codeOf(refused)]).toEqual([401, 'session_ended']);
    }
    expect(codeOf(await refresh(next.refresh_token))).toBe('refresh_token_invalid');
    await other.sends('get', '/me').expect(200);
    const told = await tocsin.sql(
      `select detail->>'session' as session from audit
        where action = 'session.end_reused' and detail->>'user' = $1`,
      [person.id],
    );
    expect(told).toEqual([{ session: first.session }]);
  });

  it('used by two at once serves one of them and ends the session', async () => {
    const person = await aPerson(tocsin, org);
    const { refresh_token: token } = await person.tokens();
    const answers = await Promise.all([refresh(token), refresh(token)]);
    expect(answers.map(({ status }) => status)).toEqual(expect.arrayContaining([200, 401]));
    const won = answers.find(({ status }) => status === 200)?.body as Tokens;
    await refresh(won.refresh_token).expect(401);
  });

  it('ends when it is not used for long, and the session after a week', async () => {
    const person = await aPerson(tocsin, org);
    const hour = 3_600_000;
    let tokens = await person.tokens();
    const idle = await person.tokens();
    for (let hours = 0; hours < 7 * 24 - 11; hours += 11) {
      tocsin.clock.advance(11 * hour);
      tokens = (await refresh(tokens.refresh_token).expect(200)).body as Tokens;
    }
    await refresh(idle.refresh_token).expect(401);
    tocsin.clock.advance(11 * hour);
    expect(codeOf(await refresh(tokens.refresh_token))).toBe('refresh_token_invalid');
  });

  it.each([
    ['that nobody has', { refresh_token: 'x'.repeat(43) }],
    ['that is missing', {}],
  ])('%s is refused', async (_, body) => {
    const response = await post('/sessions/refresh').send(body);
    expect([response.status, codeOf(response)]).toEqual([401, 'refresh_token_invalid']);
  });
});

describe('a session ends', () => {
  it('by signing out, with what access tokens there are', async () => {
    const person = await aPerson(tocsin, org);
    const tokens = await person.tokens();
    await post('/sessions/sign-out').send({ refresh_token: tokens.refresh_token }).expect(204);
    expect(codeOf(await person.with(tokens.access_token).sends('get', '/me'))).toBe(
      'session_ended',
    );
    await post('/sessions/sign-out').send({ refresh_token: tokens.refresh_token }).expect(204);
  });

  it('by its user, who sees none of others', async () => {
    const [person, other] = [await aPerson(tocsin, org), await aPerson(tocsin, org)];
    const [mine, second] = [await person.signsIn(), await person.tokens()];
    const { body } = await mine.sends('get', '/sessions').expect(200);
    const { sessions } = body as { sessions: { id: string; current: boolean }[] };
    expect(sessions.filter(({ current }) => current)).toHaveLength(1);
    expect(sessions).toHaveLength(2);
    const stranger = await other.signsIn();
    await stranger.sends('delete', `/sessions/${second.session}`).expect(404);
    await mine.sends('delete', `/sessions/${second.session}`).expect(204);
    await person.with(second.access_token).sends('get', '/me').expect(401);
    await mine.sends('get', '/me').expect(200);
    const byKey = await org.sends('get', '/sessions');
    expect([byKey.status, codeOf(byKey)]).toEqual([403, 'user_needed']);
  });

  it('at once when its user is disabled, an open stream with it', async () => {
    const person = await aPerson(tocsin, org);
    const tokens = await person.tokens();
    const stream = await follow(tocsin, person.with(tokens.access_token));
    await org.sends('patch', `/users/${person.id}`).send({ status: 'disabled' }).expect(200);
    expect(codeOf(await person.with(tokens.access_token).sends('get', '/me'))).toBe(
      'session_ended',
    );
    expect(codeOf(await refresh(tokens.refresh_token))).toBe('refresh_token_invalid');
    const events = await stream.until(({ event }) => event === 'problem');
    expect(events.at(-1)?.data).toMatchObject({ code: 'session_ended' });
    await stream.close();
  });

  it('in effect while the organisation is suspended', async () => {
    const suspended = await anActor(tocsin);
    const person = await aPerson(tocsin, suspended);
    const actor = await person.signsIn();
    await tocsin.sql(`update organisation set status = 'suspended' where slug = $1`, [
      suspended.slug,
    ]);
    expect(codeOf(await actor.sends('get', '/me'))).toBe('organisation_not_active');
  });
});

describe('a change of role', () => {
  it('counts at once', async () => {
    const person = await aPerson(tocsin, org, { role: 'publisher' });
    const actor = await person.signsIn();
    await actor.shares(indicator());
    await org.sends('patch', `/users/${person.id}`).send({ role: 'analyst' }).expect(200);
    const refused = await actor.posts(indicator());
    expect([refused.status, codeOf(refused)]).toEqual([403, 'role_not_allowed']);
  });
});

describe('TLP:RED', () => {
  it('is seen by users with clearance, and by no key', async () => {
    const bob = await anActor(tocsin);
    const red = marked('red');
    await bob.shares(red, { audience: org.slug });
    const [cleared, other] = [
      await aPerson(tocsin, org, { redClearance: true }),
      await aPerson(tocsin, org),
    ];
    const actor = await cleared.signsIn();
    await actor.finds(red.id).expect(200);
    expect(await actor.sees()).toContain(red.id);
    for (const blind of [await other.signsIn(), org]) {
      await blind.finds(red.id).expect(404);
      expect(await blind.sees()).not.toContain(red.id);
    }
    await org.sends('patch', `/users/${cleared.id}`).send({ red_clearance: false }).expect(200);
    await actor.finds(red.id).expect(404);
  });
});

describe('the audit', () => {
  it('names the user who came in and shared', async () => {
    const person = await aPerson(tocsin, org, { role: 'publisher' });
    const actor = await person.signsIn();
    await actor.shares(indicator());
    const actions = await tocsin.sql(`select action from audit where actor = $1 order by id`, [
      `user ${person.id}`,
    ]);
    expect(actions.map(({ action }) => action)).toEqual([
      'user.accept_invitation',
      'session.begin',
      'objects.share',
    ]);
  });

  it('tells an organisation who tried to be its user, and what its user was refused', async () => {
    const person = await aPerson(tocsin, org);
    const server = await tocsin.another(['http']);
    const { email } = person;
    const wrong = { email, password: 'something else' };
    await request(server.url).post('/api/v1/sessions').send(wrong).expect(401);
    const { key } = await person.signsIn();
    await request(server.url).get('/api/v1/keys').set('x-api-key', key).expect(403);
    // Denials are written at the latest when the server ends.
    await server.close();
    const told = await tocsin.sql(
      `select actor, detail->>'code' as code, detail->>'user' as user, o.slug
        from audit a join organisation o on o.id = a.organisation_id
        where action = 'request.refuse' and (detail->>'user' = $1 or actor = 'user ' || $1)
        order by code`,
      [person.id],
    );
    expect(told).toEqual([
      { actor: `user ${person.id}`, code: 'role_not_allowed', user: null, slug: org.slug },
      { actor: 'nobody', code: 'sign_in_failed', user: person.id, slug: org.slug },
    ]);
  });
});
