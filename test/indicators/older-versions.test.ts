import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, slug, type Actor } from '../support/actors.ts';
import { indicator, newer, type PostedObject } from '../support/builders.ts';
import { accepts, admits, createGroup } from '../support/groups.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let sharer: Actor;
let newcomer: Actor;
let first: PostedObject;
let second: PostedObject;

/** The older version went to a group, the newer one to all of that group by name; somebody joins. */
beforeAll(async () => {
  tocsin = await startTocsin();
  const communities = [slug()];
  sharer = await anActor(tocsin, { communities });
  const friend = await anActor(tocsin, { communities });
  newcomer = await anActor(tocsin, { communities });
  const group = await createGroup(sharer, { members: [friend.slug] });
  await accepts(friend, group);
  first = indicator();
  second = newer(first);
  await sharer.shares(first, { audience: group });
  await sharer.shares(second, { audience: friend.slug });
  await admits(sharer, group, newcomer);
});
afterAll(() => tocsin.close());

describe('no door shows an older version to readers who do not see the current one:', () => {
  it.each([
    ['the object', {}],
    ['every version', { version: 'all' }],
    ['that very version', { version: '2026-01-01T00:00:00.000Z' }],
  ])('%s', async (_, query) => {
    expect((await newcomer.finds(first.id, query)).status).toBe(404);
    expect((await sharer.finds(first.id, query)).status).toBe(200);
  });

  it('the history', async () => {
    await newcomer.sends('get', `/objects/${first.id}/history`).expect(404);
    const { body } = await sharer.sends('get', `/objects/${first.id}/history`).expect(200);
    expect((body as { versions: unknown[] }).versions).toHaveLength(2);
  });

  it('the history of another indicator that says the same', async () => {
    const again = { ...indicator(), pattern: first['pattern'] };
    await sharer.shares(again, { audience: newcomer.slug });
    const { body } = await newcomer.sends('get', `/objects/${again.id}/history`).expect(200);
    const { versions } = body as { versions: { object: { id: string } }[] };
    expect(versions.map(({ object }) => object.id)).toEqual([again.id]);
  });

  it('the changes', async () => {
    expect(await newcomer.sees()).not.toContain(first.id);
  });
});
