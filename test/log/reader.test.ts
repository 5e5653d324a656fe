import { afterAll, beforeAll, expect, it } from 'vitest';
import { placesInRange, readEnd, readPage, readRange } from '../../src/log/reader.ts';
import { readerOf } from '../../src/sharing/viewer.ts';
import { findLogBounds } from '../../src/store/content/log.ts';
import { authenticate, memberOfOrganisation } from '../../src/access/authenticate.ts';
import { anActor, slug } from '../support/actors.ts';
import { indicator, newer } from '../support/builders.ts';
import { admits, createGroup } from '../support/groups.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;

beforeAll(async () => {
  tocsin = await startTocsin();
});
afterAll(() => tocsin.close());

it('moves its cursor past nothing that an audience newer than its viewer would hide', async () => {
  const communities = [slug()];
  const sharer = await anActor(tocsin, { communities });
  const reader = await anActor(tocsin, { communities });
  const { next: start } = await reader.reads();
  const { viewer } = await memberOfOrganisation(tocsin.db, reader.slug, 'test');
  const object = indicator();
  await sharer.shares(object);
  // These two together are an audience from here on.
  const named = { audience: `${sharer.slug},${reader.slug}` };
  await sharer.shares(newer(object), named);

  const { rows } = await readPage(tocsin.db, viewer, { after: 0, limit: 1000 });
  const mine = rows.filter(({ stixId }) => stixId === object.id);
  expect(mine).toHaveLength(2);
  expect((await reader.reads({ after: start })).objects).toHaveLength(2);
});

it('moves its cursor past nothing that its organisation came to see after it was asked for', async () => {
  const communities = [slug()];
  const sharer = await anActor(tocsin, { communities });
  const reader = await anActor(tocsin, { communities });
  const admin = await anActor(tocsin, { role: 'admin' });
  const becomes = (status: string) =>
    admin.sends('patch', `/organisations/${reader.slug}`).send({ status }).expect(200);
  const object = indicator();
  await sharer.shares(object);
  await becomes('suspended');
  const { viewer } = await authenticate(tocsin, { key: reader.key, address: '127.0.0.1' });
  await tocsin.sequenced();
  const { head: after } = await findLogBounds(tocsin.db);
  await becomes('active');
  await tocsin.sequenced();
  const { rows } = await readPage(tocsin.db, viewer, { after, limit: 1000 });
  expect(rows.map(({ stixId }) => stixId)).toEqual([object.id]);
});

it('finds the same rows by their places, whatever has become of them', async () => {
  const communities = [slug()];
  const sharer = await anActor(tocsin, { communities });
  const reader = await anActor(tocsin, { communities });
  const { viewer } = await memberOfOrganisation(tocsin.db, reader.slug, 'test');
  const them = readerOf(viewer);
  const objects = Array.from({ length: 8 }, () => indicator());
  const [replaced, narrowed, ended] = objects;
  if (replaced === undefined || narrowed === undefined || ended === undefined) throw new Error();
  const { head: start } = await findLogBounds(tocsin.db);
  const turns = [
    () => sharer.shares(objects),
    () => sharer.shares(newer(replaced)),
    () => sharer.shares(newer(narrowed), { audience: sharer.slug }),
    () => sharer.shares(newer(ended, 1, { revoked: true })),
    // It joins the audience of an older version, and never saw it replaced.
    async () => {
      const group = await createGroup(sharer);
      const object = indicator();
      await sharer.shares(object, { audience: group });
      await sharer.shares(newer(object), { audience: sharer.slug });
      await admits(sharer, group, reader);
    },
  ];
  const found: number[] = [];
  for (const turn of turns) {
    await turn();
    await tocsin.sequenced();
    const { head } = await findLogBounds(tocsin.db);
    for (const limit of [1, 2, 3, 5, 100]) {
      for (let after = start; after < head; after++) {
        const request = { after, limit };
        const { rows, ...page } = await readRange(tocsin.db, them, request, head);
        const places = rows.map(({ seq, tlp, sharers }) => ({ seq, tlp, sharers }));
        expect(await placesInRange(tocsin.db, them, request, head)).toEqual({
          ...page,
          rows: places,
        });
        expect(await readEnd(tocsin.db, them, request, head)).toEqual({ ...page, rows });
        if (limit === 100 && after === start) found.push(places.length);
      }
    }
  }
  expect(found).toEqual([8, 9, 9, 10, 10]);
});
