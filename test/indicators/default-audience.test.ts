/** A later version for which no audience is named never reaches more than those who had the object. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, outcomes, slug, type Actor } from '../support/actors.ts';
import { address, indicator, newer } from '../support/builders.ts';
import { aGroup } from '../support/groups.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let community: string;
let alice: Actor;
let bob: Actor;
let carol: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  community = slug();
  const communities = [community];
  alice = await anActor(tocsin, { communities });
  bob = await anActor(tocsin, { communities });
  carol = await anActor(tocsin, { communities });
});
afterAll(() => tocsin.close());

const narrowed: [string, (id: string) => Promise<unknown>][] = [
  ['shared with one member', async () => undefined],
  [
    'narrowed to one member by PATCH',
    (id) =>
      alice
        .sends('patch', `/objects/${id}`)
        .send({ audience: [bob.slug] })
        .expect(204),
  ],
  [
    'narrowed to itself alone',
    (id) =>
      alice
        .sends('patch', `/objects/${id}`)
        .send({ audience: [alice.slug] })
        .expect(204),
  ],
];

describe.each(narrowed)('an object %s', (name, narrow) => {
  it.each([{}, { revoked: true }])(
    'rejects a later version without an audience %j',
    async (more) => {
      const object = indicator();
      await alice.shares(object, name.startsWith('shared') ? { audience: bob.slug } : {});
      await narrow(object.id);
      const later = { ...newer(object), ...more };
      const response = await alice.posts([later, indicator()]);
      expect(outcomes(response)).toEqual(['audience_needed', 'created']);
      expect(response.body.results[0].detail).toContain(community);
      await tocsin.sequenced();
      expect((await carol.finds(object.id)).status).toBe(404);
      expect(outcomes(await alice.posts(later, { audience: bob.slug }))).toEqual(['updated']);
      await tocsin.sequenced();
      expect((await carol.finds(object.id)).status).toBe(404);
    },
  );
});

it('takes a later version by default where nobody gains the object by it', async () => {
  const wide = await aGroup(tocsin, [alice, bob, carol]);
  for (const audience of [undefined, community, `${community},${wide}`]) {
    const object = indicator();
    await alice.shares(object, audience === undefined ? {} : { audience });
    expect(outcomes(await alice.posts(newer(object)))).toEqual(['updated']);
  }
});

it('takes what has a content for each audience, such as an address, for one more', async () => {
  const object = address();
  await alice.shares(object, { audience: bob.slug });
  expect(outcomes(await alice.posts(object))).toEqual(['updated']);
});

describe('a named organisation that cannot see the level', () => {
  const warned = (response: { body: unknown }) =>
    (response.body as { results: { warnings?: { code: string; detail: string }[] }[] }).results
      .flatMap(({ warnings = [] }) => warnings)
      .filter(({ code }) => code === 'audience_not_reached')
      .map(({ detail }) => detail);

  it('is named in a warning, and others are not', async () => {
    const low = await anActor(tocsin, { communities: [community], ceiling: 'green' });
    const audience = `${bob.slug},${low.slug}`;
    const strict = indicator({ labels: ['tlp:amber'] });
    const open = indicator({ labels: ['tlp:green'] });
    const response = await alice.posts([strict, open], { audience });
    expect(warned(response)).toEqual([
      `the object is TLP:AMBER, which these cannot see: ${low.slug} (up to TLP:GREEN)`,
    ]);
    expect(warned(await alice.posts(indicator({ labels: ['tlp:amber'] })))).toEqual([]);
  });

  it('is named where it is suspended', async () => {
    const away = await anActor(tocsin, { communities: [community] });
    const admin = await alice.as('admin');
    const suspended = { status: 'suspended' };
    await admin.sends('patch', `/organisations/${away.slug}`).send(suspended).expect(200);
    const [detail] = warned(await alice.posts(indicator(), { audience: away.slug }));
    expect(detail).toContain(`${away.slug} (takes no part at present)`);
  });
});

it('says at which level a new version is shared, and nothing of what is stored', async () => {
  const green = indicator({ labels: ['tlp:green'] });
  const unmarked = indicator();
  const levels = async (query = {}) =>
    (
      (await alice.posts([green, unmarked], query)).body as { results: { tlp?: string }[] }
    ).results.map(({ tlp }) => tlp);
  expect(await levels()).toEqual(['green', 'amber']);
  expect(await levels()).toEqual([undefined, undefined]);
});
