import { afterAll, beforeAll, expect, it } from 'vitest';
import { readPage } from '../../src/log/reader.ts';
import { memberOfOrganisation } from '../../src/organisations/authenticate.ts';
import { anActor, slug } from '../support/actors.ts';
import { indicator, newer } from '../support/builders.ts';
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
