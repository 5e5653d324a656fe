/** People in exercises: a session belongs to one realm, as a key does. */
import { randomBytes } from 'node:crypto';
import { TOTP } from 'otpauth';
import request, { type Response } from 'supertest';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Actor, anActor } from '../support/actors.ts';
import { indicator } from '../support/builders.ts';
import { anExercise, playing, type Exercise } from '../support/exercise.ts';
import { follow } from '../support/follow.ts';
import { aPerson, type Tokens } from '../support/people.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let exercise: Exercise;
let alice: Actor;
let bob: Actor;
let admin: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  [alice, bob] = [await anActor(tocsin), await anActor(tocsin)];
  admin = await anActor(tocsin, { role: 'admin' });
  exercise = await anExercise(tocsin, [alice, bob, admin]);
});
afterAll(() => tocsin.close());

const codeOf = ({ body }: Response) => (body as { code?: string }).code;

it('shows its exercise and nothing of production, and one in production the reverse', async () => {
  const person = await aPerson(tocsin, alice, { role: 'publisher' });
  const [plays, works] = [
    await person.signsIn({ realm: exercise.slug }),
    await person.signsIn({ realm: 'production' }),
  ];
  const { body } = await plays.sends('get', '/me').expect(200);
  expect(body).toMatchObject({ realm: exercise, user: { id: person.id } });
  const [drill, real] = [indicator(), indicator()];
  await (await playing(tocsin, bob, exercise)).shares(drill);
  await bob.shares(real);
  expect(await plays.sees()).toContain(drill.id);
  expect(await plays.sees()).not.toContain(real.id);
  expect(await works.sees()).toContain(real.id);
  expect(await works.sees()).not.toContain(drill.id);
  const own = indicator();
  await plays.shares(own);
  await works.finds(own.id).expect(404);
  // What concerns the account is asked in production.
  expect(codeOf(await plays.sends('get', '/sessions'))).toBe('realm_not_allowed');
  const list = await works.sends('get', '/sessions').expect(200);
  const { sessions } = list.body as { sessions: { realm: string }[] };
  expect(sessions.map(({ realm }) => realm).toSorted()).toEqual(
    [exercise.slug, 'production'].toSorted(),
  );
});

it('stays in its realm when it is refreshed', async () => {
  const person = await aPerson(tocsin, alice);
  const { refresh_token: token } = await person.tokens({ realm: exercise.slug });
  const next = await request(tocsin.url)
    .post('/api/v1/sessions/refresh')
    .send({ refresh_token: token })
    .expect(200);
  const actor = person.with((next.body as Tokens).access_token);
  expect((await actor.sends('get', '/me').expect(200)).body).toMatchObject({ realm: exercise });
});

it('is refused the same in an exercise of others as in none, and uses up no code', async () => {
  const others = await anExercise(tocsin, [bob]);
  const person = await aPerson(tocsin, alice);
  const actor = await person.signsIn();
  const enrolment = await actor
    .sends('post', '/me/second-factor')
    .send({ password: person.password })
    .expect(201);
  const totp = new TOTP({ secret: (enrolment.body as { secret: string }).secret });
  const shown = () => totp.generate({ timestamp: tocsin.clock.now().getTime() });
  await actor.sends('post', '/me/second-factor/confirm').send({ code: shown() }).expect(200);
  tocsin.clock.advance(120_000);
  const none = `exercise-${randomBytes(5).toString('hex')}`;
  const told: unknown[] = [];
  for (const realm of [others.slug, none]) {
    const refused = await person.triesToSignIn({ realm, code: shown() }).expect(400);
    expect(codeOf(refused)).toBe('realm_unknown');
    told.push(
      JSON.parse(refused.text.replace(realm, 'it'), (key, value: unknown) =>
        key === 'instance' ? '' : value,
      ),
    );
  }
  expect(told[0]).toEqual(told[1]);
  // Nor does making a key tell the two apart.
  const keys: unknown[] = [];
  for (const realm of [others.slug, none]) {
    const { body } = await alice.sends('post', '/keys').send({ role: 'feed', realm }).expect(400);
    keys.push({
      ...(body as { detail: string }),
      instance: '',
      detail: (body as { detail: string }).detail.replace(realm, 'it'),
    });
  }
  expect(keys[0]).toEqual(keys[1]);
  await person.triesToSignIn({ realm: exercise.slug, code: shown() }).expect(201);
});

it('is in production only for users who manage the whole server', async () => {
  const person = await aPerson(tocsin, admin, { role: 'admin' });
  const refused = await person.triesToSignIn({ realm: exercise.slug });
  expect([refused.status, codeOf(refused)]).toEqual([403, 'realm_not_allowed']);
});

it('ends with its exercise, an open stream with it', async () => {
  const own = await anExercise(tocsin, [alice]);
  const person = await aPerson(tocsin, alice);
  const [plays, works] = [await person.signsIn({ realm: own.slug }), await person.signsIn()];
  const stream = await follow(tocsin, plays);
  for (const act of ['archive', 'wipe']) {
    await admin.sends('post', `/realms/${own.slug}/${act}`).send({ reason: 'Over' }).expect(200);
  }
  expect(codeOf(await plays.sends('get', '/me'))).toBe('session_ended');
  const events = await stream.until(({ event }) => event === 'problem');
  expect(events.at(-1)?.data).toMatchObject({ code: 'session_ended' });
  await stream.close();
  await works.sends('get', '/me').expect(200);
});
