import { afterAll, beforeAll, expect, it } from 'vitest';
import { anActor, type Actor } from '../support/actors.ts';
import { indicator, newer } from '../support/builders.ts';
import { admits, createGroup } from '../support/groups.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let alice: Actor;
let bob: Actor;
let carol: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  [alice, bob, carol] = [await anActor(tocsin), await anActor(tocsin), await anActor(tocsin)];
});
afterAll(() => tocsin.close());

const doors = [
  ['GET /objects/{id}', (id: string) => `/objects/${id}`],
  ['GET /objects/{id}?version=all', (id: string) => `/objects/${id}?version=all`],
  ['GET /objects/{id}?version=', (id: string) => `/objects/${id}?version=2026-01-01T00:00:00.000Z`],
  ['GET /objects/{id}/history', (id: string) => `/objects/${id}/history`],
] as const;

it.each(doors)('%s: who joins a group sees no version that was replaced', async (_, door) => {
  const group = await createGroup(alice);
  const object = indicator();
  await alice.shares(object, { audience: group });
  await alice.shares(newer(object), { audience: carol.slug });
  await admits(alice, group, bob);
  await alice.sends('get', door(object.id)).expect(200);
  await bob.sends('get', door(object.id)).expect(404);
  // The current one is visible to it: it is in the group.
  const other = indicator();
  await alice.shares(other, { audience: group });
  await bob.sends('get', door(other.id)).expect(200);
});

it('the history of one thing leaves out re-issues whose current version is hidden', async () => {
  const group = await createGroup(alice);
  const pattern = "[domain-name:value = 'older.example.org']";
  const [first, second] = [indicator({ pattern }), indicator({ pattern })];
  await alice.shares([first, second], { audience: group });
  await alice.shares(newer(second), { audience: carol.slug });
  await admits(alice, group, bob);
  const { body } = await bob.sends('get', `/objects/${first.id}/history`).expect(200);
  const { versions } = body as { versions: { object: { id: string } }[] };
  expect(versions.map(({ object }) => object.id)).toEqual([first.id]);
});
