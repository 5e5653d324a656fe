import { TOTP } from 'otpauth';
import request, { type Response } from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, type Actor } from '../support/actors.ts';
import { aPerson, cookiesOf, type Person } from '../support/people.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

const STEP_MS = 30_000;

let tocsin: Tocsin;
let org: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  org = await anActor(tocsin);
});
afterAll(() => tocsin.close());

const codeOf = ({ body }: Response) => (body as { code?: string }).code;

/** The code that an authenticator shows, so many steps from now. */
function shown(secret: string, steps = 0): string {
  const timestamp = tocsin.clock.now().getTime() + steps * STEP_MS;
  return new TOTP({ secret }).generate({ timestamp });
}

/** Goes to the beginning of a step that is far from those of which codes were used. */
function nextStep(): void {
  const intoStepMs = tocsin.clock.now().getTime() % STEP_MS;
  tocsin.clock.advance(4 * STEP_MS - intoStepMs);
}

interface Enrolled {
  person: Person;
  actor: Actor;
  secret: string;
  recovery: string[];
}

async function enrolled(): Promise<Enrolled> {
  const person = await aPerson(tocsin, org);
  const actor = await person.signsIn();
  const { body } = await actor
    .sends('post', '/me/second-factor')
    .send({ password: person.password })
    .expect(201);
  const { secret, uri } = body as { secret: string; uri: string };
  expect(uri).toMatch(/^otpauth:\/\/totp\/Tocsin:/);
  const confirmed = await actor
    .sends('post', '/me/second-factor/confirm')
    .send({ code: shown(secret) })
    .expect(200);
  const { recovery_codes: recovery } = confirmed.body as { recovery_codes: string[] };
  nextStep();
  return { person, actor, secret, recovery };
}

describe('the second factor', () => {
  it('is asked for once it is confirmed, and not before', async () => {
    const person = await aPerson(tocsin, org);
    const actor = await person.signsIn();
    await actor.sends('post', '/me/second-factor').send({ password: person.password }).expect(201);
    await person.triesToSignIn().expect(201);
    const { person: other } = await enrolled();
    const needed = await other.triesToSignIn();
    expect([needed.status, codeOf(needed)]).toEqual([401, 'second_factor_needed']);
    // Who does not know the password is not told that there is one.
    expect(codeOf(await other.triesToSignIn({ password: 'no' }))).toBe('sign_in_failed');
  });

  it('is confirmed by a code of it only, and not put in place twice', async () => {
    const person = await aPerson(tocsin, org);
    const actor = await person.signsIn();
    const confirm = (code: string) =>
      actor.sends('post', '/me/second-factor/confirm').send({ code });
    expect(codeOf(await confirm('123456'))).toBe('second_factor_invalid');
    await actor.sends('post', '/me/second-factor').send({ password: person.password }).expect(201);
    const { body } = await actor
      .sends('post', '/me/second-factor')
      .send({ password: person.password })
      .expect(201);
    const { secret } = body as { secret: string };
    expect(codeOf(await confirm('abcd-efgh-ijkl-mnop'))).toBe('second_factor_invalid');
    await confirm(shown(secret)).expect(200);
    for (const path of ['', '/confirm']) {
      const again = await actor
        .sends('post', `/me/second-factor${path}`)
        .send(path === '' ? { password: person.password } : { code: shown(secret, 1) });
      expect([again.status, codeOf(again)]).toEqual([409, 'second_factor_present']);
    }
  });

  it.each([-1, 0, 1])('takes the code %i steps away', async (steps) => {
    const { person, secret } = await enrolled();
    await person.triesToSignIn({ code: shown(secret, steps) }).expect(201);
  });

  it.each([-2, 2])('refuses the code %i steps away', async (steps) => {
    const { person, secret } = await enrolled();
    const refused = await person.triesToSignIn({ code: shown(secret, steps) });
    expect([refused.status, codeOf(refused)]).toEqual([401, 'second_factor_invalid']);
  });

  it('refuses a code that was used, and an earlier one', async () => {
    const { person, secret } = await enrolled();
    const code = shown(secret);
    await person.triesToSignIn({ code }).expect(201);
    for (const replayed of [code, shown(secret, -1)]) {
      const refused = await person.triesToSignIn({ code: replayed });
      expect([refused.status, codeOf(refused)]).toEqual([401, 'second_factor_invalid']);
    }
    await person.triesToSignIn({ code: shown(secret, 1) }).expect(201);
  });

  it('takes a code from one of two who use it at once', async () => {
    const { person, secret } = await enrolled();
    const code = shown(secret);
    const tries = await Promise.all([
      person.triesToSignIn({ code }),
      person.triesToSignIn({ code }),
    ]);
    expect(tries.map(({ status }) => status)).toEqual(expect.arrayContaining([201, 401]));
  });

  it('is replaced once by each recovery code', async () => {
    const { person, recovery } = await enrolled();
    expect(new Set(recovery).size).toBe(10);
    // Five bits a character: 112 at least are needed for a fast hash (OWASP ASVS 5.0, 6.5.2).
    for (const code of recovery) expect(code).toMatch(/^([a-z2-7]{4}-){5}[a-z2-7]{4}$/);
    const [first = '', second = ''] = recovery;
    await person.triesToSignIn({ code: first }).expect(201);
    expect(codeOf(await person.triesToSignIn({ code: first }))).toBe('second_factor_invalid');
    await person.triesToSignIn({ code: second.replaceAll('-', '').toUpperCase() }).expect(201);
  });

  it('is of its user alone', async () => {
    const [mine, other] = [await enrolled(), await enrolled()];
    for (const code of [shown(other.secret), other.recovery[0] ?? '']) {
      await mine.person.triesToSignIn({ code }).expect(401);
    }
  });

  it('is removed with a code of it, or by an administrator, who ends the sessions', async () => {
    const { person, actor, secret } = await enrolled();
    const remove = (code: string) => actor.sends('post', '/me/second-factor/remove').send({ code });
    expect(codeOf(await remove('000000'))).toBe('second_factor_invalid');
    await remove(shown(secret)).expect(204);
    await person.triesToSignIn().expect(201);
    const { person: other, actor: session, recovery } = await enrolled();
    await org.sends('post', `/users/${other.id}/reset-second-factor`).expect(204);
    await session.sends('get', '/me').expect(401);
    await other.triesToSignIn().expect(201);
    await other.triesToSignIn({ code: recovery[0] ?? '' }).expect(201);
  });

  it('stays when a link sets another password', async () => {
    const { person } = await enrolled();
    const { body } = await org.sends('post', `/users/${person.id}/invitation`).expect(201);
    const { token } = (body as { invitation: { token: string } }).invitation;
    const password = 'another long password';
    const accept = request(tocsin.url).post('/api/v1/invitations/accept');
    await accept.send({ token, password }).expect(200);
    expect(codeOf(await person.triesToSignIn({ password }))).toBe('second_factor_needed');
  });

  it('lets who guesses codes with the right password wait, from wherever', async () => {
    const { person, secret } = await enrolled();
    const devices = await person.triesToSignIn({ code: shown(secret), refresh_token_in: 'cookie' });
    const cookie = cookiesOf(devices);
    const statuses: number[] = [];
    for (let i = 0; i < 11; i++) {
      const attempt = person.triesToSignIn({ code: '000000' });
      // Two places, each with tries of its own at the password.
      statuses.push((await (i % 2 === 0 ? attempt.set('cookie', cookie) : attempt)).status);
    }
    expect(statuses.filter((status) => status === 401)).toHaveLength(10);
    expect(statuses.at(-1)).toBe(429);
  });

  it('is kept sealed, and no code of it', async () => {
    const { person, secret, recovery } = await enrolled();
    const [row] = await tocsin.sql(
      `select u::text as user, (select string_agg(r::text, ' ') from recovery_code r
         where r.user_id = u.id) as codes from user_account u where id = $1`,
      [person.id],
    );
    const raw = Buffer.from(new TOTP({ secret }).secret.bytes).toString('hex');
    expect(JSON.stringify(row)).not.toContain(raw);
    for (const code of recovery) expect(JSON.stringify(row)).not.toContain(code);
  });
});

describe('POST /me/password', () => {
  it('changes it for a user who knows the current one, and ends the other sessions', async () => {
    const person = await aPerson(tocsin, org);
    const [mine, other] = [await person.signsIn(), await person.signsIn()];
    const change = (current: string, next = 'another long password') =>
      mine.sends('post', '/me/password').send({ current, next });
    expect(codeOf(await change('something else'))).toBe('sign_in_failed');
    expect((await change(person.password, 'short')).status).toBe(400);
    await change(person.password).expect(204);
    await mine.sends('get', '/me').expect(200);
    await other.sends('get', '/me').expect(401);
    await person.triesToSignIn().expect(401);
    await person.triesToSignIn({ password: 'another long password' }).expect(201);
  });

  it('takes no key', async () => {
    const refused = await org.sends('post', '/me/password').send({ current: 'x', next: 'y' });
    expect([refused.status, codeOf(refused)]).toEqual([403, 'user_needed']);
  });
});
