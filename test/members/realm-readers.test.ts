/** How far somebody has read, and what is sent to them, belongs to one realm. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, type Actor } from '../support/actors.ts';
import { indicator, marked, TLP } from '../support/builders.ts';
import { anExercise, markedFor, playing, type Exercise } from '../support/exercise.ts';
import { subscribes } from '../support/subscribe.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';
import { receiveWebhooks, type Webhooks } from '../support/webhooks.ts';

let tocsin: Tocsin;
let webhooks: Webhooks;
let exercise: Exercise;
let alice: Actor;
let bob: Actor;
let alicePlays: Actor;
let bobPlays: Actor;

beforeAll(async () => {
  tocsin = await startTocsin({ roles: ['http', 'worker'] });
  webhooks = await receiveWebhooks();
  [alice, bob] = [await anActor(tocsin), await anActor(tocsin)];
  exercise = await anExercise(tocsin, [alice, bob]);
  alicePlays = await playing(tocsin, alice, exercise);
  bobPlays = await playing(tocsin, bob, exercise);
});
afterAll(async () => {
  await tocsin.close();
  await webhooks.close();
});

describe('a cursor', () => {
  it.each(['changes', 'stream'])('of another realm is none for %s', async (door) => {
    const { next: ofProduction } = await alice.reads();
    const { next: ofExercise } = await alicePlays.reads();
    for (const [one, after] of [
      [alicePlays, ofProduction],
      [alice, ofExercise],
    ] as const) {
      const { body } = await one.sends('get', `/${door}`).query({ after }).expect(400);
      expect(body).toMatchObject({ code: 'cursor_invalid' });
    }
  });

  it('of another realm is none for a webhook', async () => {
    const { next } = await alice.reads();
    const url = `${webhooks.url}/never`;
    const wish = { url, start: { cursor: next } };
    const { body } = await alicePlays.sends('post', '/subscriptions').send(wish).expect(400);
    expect(body).toMatchObject({ code: 'cursor_invalid' });
    const hook = await subscribes(alicePlays, webhooks);
    const replay = { start: { cursor: next } };
    await alicePlays.sends('post', `/subscriptions/${hook.id}/replay`).send(replay).expect(400);
  });
});

describe('a subscription', () => {
  it('receives its own realm only, and says which', async () => {
    const real = await subscribes(bob, webhooks);
    const played = await subscribes(bobPlays, webhooks);
    const [object, other] = [indicator(), indicator()];
    await alice.shares(object);
    await alicePlays.shares(other);
    const [first] = await webhooks.until(real.path, (come) => come.length > 0);
    const [second] = await webhooks.until(played.path, (come) => come.length > 0);
    expect(first?.objects).toEqual([marked('amber', object)]);
    expect(first?.contexts).toMatchObject([{ realm: 'production' }]);
    expect((JSON.parse(first?.text ?? '') as { data: object }).data).not.toHaveProperty('realm');
    const { object_marking_refs: refs, ...given } = second?.objects[0] ?? other;
    expect([given, refs]).toEqual([markedFor(exercise, other), [TLP.amber]]);
    expect(second?.contexts).toMatchObject([{ realm: exercise.slug }]);
    const { data } = JSON.parse(second?.text ?? '') as { data: object };
    expect(data).toMatchObject({ realm: exercise.slug });
  });

  it('is not there in another realm, and is moved to none', async () => {
    for (const [owner, stranger] of [
      [alice, alicePlays],
      [alicePlays, alice],
    ] as const) {
      const { id } = await subscribes(owner, webhooks);
      const path = `/subscriptions/${id}`;
      const { body } = await stranger.sends('get', '/subscriptions').expect(200);
      expect(JSON.stringify(body)).not.toContain(id);
      await stranger.sends('get', path).expect(404);
      await stranger.sends('patch', path).send({ state: 'paused' }).expect(404);
      await stranger.sends('post', `${path}/replay`).send({ start: 'beginning' }).expect(404);
      await stranger.sends('post', `${path}/rotate-secret`).send({}).expect(404);
      await stranger.sends('post', `${path}/test`).expect(404);
      await stranger.sends('get', `${path}/attempts`).expect(404);
      await stranger.sends('delete', path).expect(404);
      await owner.sends('patch', path).send({ realm: 'production' }).expect(400);
      await owner.sends('get', path).expect(200);
    }
  });
});
