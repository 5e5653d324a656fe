/** An object whose new version goes to a union that nobody has shared with before. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { anActor, slug, type Actor } from '../support/actors.ts';
import { indicator, newer, type PostedObject } from '../support/builders.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
beforeAll(async () => {
  tocsin = await startTocsin();
});
afterAll(() => tocsin.close());

async function alliance(): Promise<[Actor, Actor, Actor]> {
  const communities = [slug()];
  return [
    await anActor(tocsin, { communities }),
    await anActor(tocsin, { communities }),
    await anActor(tocsin, { communities }),
  ];
}

/** What somebody sees of all versions of an object: their descriptions. */
async function versionsSeen(who: Actor, { id }: PostedObject): Promise<string[]> {
  const { status, body } = await who.finds(id, { version: 'all' });
  if (status === 404) return [];
  const { objects } = body as { objects: PostedObject[] };
  return objects.map((object) => String(object['description'])).toSorted();
}

const version = (description: string): PostedObject => indicator({ description });

it('hides the older version from readers who did not see it', async () => {
  const [sharer, before, after] = await alliance();
  const first = version('first');
  await sharer.shares(first, { audience: before.slug });
  await sharer.shares(newer(first, 1, { description: 'second' }), { audience: after.slug });
  expect(await versionsSeen(after, first)).toEqual(['second']);
  expect(await versionsSeen(before, first)).toEqual([]);
  expect(await versionsSeen(sharer, first)).toEqual(['first', 'second']);
});

it('hides it as well when the object is readdressed', async () => {
  const [sharer, before, after] = await alliance();
  const first = version('first');
  await sharer.shares(first, { audience: before.slug });
  await sharer.shares(newer(first, 1, { description: 'second' }), { audience: before.slug });
  const path = `/objects/${first.id}`;
  await sharer
    .sends('patch', path)
    .send({ audience: [after.slug] })
    .expect(204);
  await tocsin.sequenced();
  expect(await versionsSeen(after, first)).toEqual(['second']);
  expect(await versionsSeen(before, first)).toEqual([]);
});

it('withdraws it from those who lose it, and from nobody else', async () => {
  const [sharer, stays, leaves] = await alliance();
  const first = indicator();
  await sharer.shares(first, { audience: [stays.slug, leaves.slug] });
  const withdrawals = async () => {
    const [row] = await tocsin.sql<{ slugs: string[] }>(
      `select array_agg(distinct o.slug) as slugs
         from log l
           left join audience_part p on p.audience_id = l.audience_id
           join audience a on a.id = coalesce(p.part_id, l.audience_id)
           join organisation o on o.id = a.organisation_id
         where l.kind = 'withdraw' and l.stix_id = $1`,
      [first.id],
    );
    return row?.slugs;
  };
  await sharer.shares(newer(first), { audience: stays.slug });
  expect(await withdrawals()).toEqual([leaves.slug]);
  expect(await stays.sees()).toContain(first.id);
  expect(await leaves.sees()).not.toContain(first.id);
});
