import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, outcomes, slug, type Actor } from '../support/actors.ts';
import { bundle, indicator, malware, marked, newer, TLP } from '../support/builders.ts';
import { aGroup } from '../support/groups.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let community: string;
let alice: Actor;
let bob: Actor;
let carol: Actor;
let outsider: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  community = slug();
  const communities = [community];
  alice = await anActor(tocsin, { communities });
  bob = await anActor(tocsin, { communities });
  carol = await anActor(tocsin, { communities });
  outsider = await anActor(tocsin, { communities: [slug()] });
});
afterAll(() => tocsin.close());

/** Who of the four sees an object, by its id. */
async function whoSees(id: string): Promise<string[]> {
  await tocsin.sequenced();
  const names: string[] = [];
  for (const [name, actor] of Object.entries({ alice, bob, carol, outsider })) {
    const found = (await actor.finds(id)).status === 200;
    expect([name, (await actor.sees()).includes(id)]).toEqual([name, found]);
    if (found) names.push(name);
  }
  return names;
}

describe('the audience', () => {
  it('is the default community unless one is named', async () => {
    const object = indicator();
    await alice.shares(object);
    expect(await whoSees(object.id)).toEqual(['alice', 'bob', 'carol']);
  });

  it('is a community that is named, in any case of letters', async () => {
    const object = indicator();
    await alice.shares(object, { audience: community.toUpperCase() });
    expect(await whoSees(object.id)).toEqual(['alice', 'bob', 'carol']);
  });

  it('is a sharing group, its members and nobody else', async () => {
    const group = await aGroup(tocsin, [alice, bob, outsider]);
    const object = indicator();
    await alice.shares(object, { audience: group });
    expect(await whoSees(object.id)).toEqual(['alice', 'bob', 'outsider']);
  });

  it('is organisations one by one, the sharer always among them', async () => {
    const object = indicator();
    await alice.shares(object, { audience: carol.slug });
    expect(await whoSees(object.id)).toEqual(['alice', 'carol']);
  });

  it('is any mix of them, repeated or separated by commas', async () => {
    const group = await aGroup(tocsin, [alice, bob]);
    const [first, second] = [indicator(), indicator()];
    await alice.shares(first, { audience: `${group}, ${outsider.slug}` });
    await alice.shares(second, { audience: [outsider.slug, group] });
    expect(await whoSees(first.id)).toEqual(['alice', 'bob', 'outsider']);
    expect(await whoSees(second.id)).toEqual(['alice', 'bob', 'outsider']);
    const rows = await tocsin.sql(
      'select distinct audience_id from version where stix_id = any($1)',
      [[first.id, second.id]],
    );
    expect(rows).toHaveLength(1);
  });

  it('that nobody knows, and one that is not yours, are refused in the same words', async () => {
    const theirs = await aGroup(tocsin, [bob, carol]);
    for (const name of [theirs, slug('nobody')]) {
      const response = await alice.posts(indicator(), { audience: name });
      expect(response.status).toBe(400);
      expect(response.body).toMatchObject({
        code: 'audience_unknown',
        path: 'querystring.audience',
        detail:
          `Unknown audience: ${name}. Name communities and sharing groups that ${alice.slug} is in, or ` +
          'organisations.',
      });
    }
  });

  it('with one unknown name among good ones is refused whole', async () => {
    const object = indicator();
    const response = await alice.posts(object, { audience: [community, 'nobody-at-all'] });
    expect(response.body).toMatchObject({ code: 'audience_unknown', status: 400 });
    expect(await whoSees(object.id)).toEqual([]);
  });

  it('is needed where an organisation has no default community', async () => {
    const loner = await anActor(tocsin, { communities: [slug()] });
    await tocsin.sql('update organisation set default_community_id = null where slug = $1', [
      loner.slug,
    ]);
    const response = await loner.posts(indicator());
    expect(response).toMatchObject({
      status: 400,
      body: { code: 'audience_empty', path: 'querystring.audience' },
    });
    await loner.shares(indicator(), { audience: bob.slug });
  });
});

describe('an audience that is given and names nobody', () => {
  it.each(['audience=', 'audience=,', 'audience=%20', 'audience=&audience='])(
    '%s is not taken for leaving it out',
    async (query) => {
      const object = indicator();
      const refusal = {
        status: 400,
        body: { code: 'audience_empty', path: 'querystring.audience' },
      };
      for (const [path, body] of [
        [`/bundles?${query}`, bundle([object])],
        [`/bundles?dry_run=true&${query}`, bundle([object])],
        [`/indicators?${query}`, object],
      ] as const) {
        expect(await alice.sends('post', path).send(body)).toMatchObject(refusal);
      }
      const lines = alice.sends('post', `/bundles?${query}`).type('application/x-ndjson');
      expect(await lines.send(`${JSON.stringify(object)}\n`)).toMatchObject(refusal);
      expect((await alice.finds(object.id)).status).toBe(404);
    },
  );
});

describe('the marking', () => {
  const tlpOf = async (id: string) =>
    (await tocsin.sql<{ tlp: number }>('select tlp from version where stix_id = $1', [id]))[0]?.tlp;

  it('is the default of the organisation where there is none', async () => {
    const strict = await anActor(tocsin, { communities: [community], defaultTlp: 'amber+strict' });
    const [object, clear] = [indicator(), marked('clear')];
    await strict.shares([object, clear]);
    expect(await tlpOf(object.id)).toBe(3);
    expect(await tlpOf(clear.id)).toBe(0);
  });

  it('is the strictest of several, granular ones among them', async () => {
    const several = indicator({ object_marking_refs: [TLP.clear, TLP.strict, TLP.green] });
    const granular = indicator({
      object_marking_refs: [TLP.clear],
      granular_markings: [{ marking_ref: TLP.strict, selectors: ['name'] }],
    });
    await alice.shares([several, granular]);
    expect(await tlpOf(several.id)).toBe(3);
    expect(await tlpOf(granular.id)).toBe(3);
  });

  it('hides what is above a ceiling from that reader alone', async () => {
    const communities = [slug()];
    const low = await anActor(tocsin, { communities, ceiling: 'green' });
    const high = await anActor(tocsin, { communities });
    const [green, amber] = [marked('green'), marked('amber')];
    await high.shares([green, amber]);
    expect(await low.sees()).toEqual([green.id]);
    expect((await low.finds(amber.id)).status).toBe(404);
    expect(await high.sees()).toEqual([amber.id, green.id].toSorted());
  });

  it('above the ceiling of the sharer is refused, object by object', async () => {
    const low = await anActor(tocsin, {
      communities: [community],
      ceiling: 'green',
      defaultTlp: 'green',
    });
    const response = await low.posts([marked('amber'), marked('green'), indicator()]);
    expect(outcomes(response)).toEqual(['tlp_above_ceiling', 'created', 'created']);
    const single = await low.sends('post', '/indicators').send(marked('red'));
    expect(single).toMatchObject({ status: 403, body: { code: 'tlp_above_ceiling' } });
  });

  it('RED needs organisations by name, and never leaves through a key', async () => {
    const group = await aGroup(tocsin, [alice, bob]);
    for (const audience of [undefined, community, group, [bob.slug, group]]) {
      const response = await alice.posts(marked('red'), audience === undefined ? {} : { audience });
      expect(outcomes(response)).toEqual(['red_needs_named_organisations']);
    }
    const object = marked('red');
    await alice.shares(object, { audience: bob.slug });
    expect(await tlpOf(object.id)).toBe(4);
    expect(await whoSees(object.id)).toEqual([]);
  });

  it('that is predefined cannot be redefined', async () => {
    const definition = {
      type: 'marking-definition',
      spec_version: '2.1',
      id: TLP.red,
      created: '2026-01-01T00:00:00Z',
      definition_type: 'statement',
      definition: { statement: 'free for all' },
    };
    const response = await alice.posts([definition, marked('red')], { audience: bob.slug });
    expect(outcomes(response)).toEqual(['marking_redefined', 'created']);
  });
});

describe('the creator', () => {
  it('that is another member is refused, the others are taken', async () => {
    const response = await alice.posts([
      indicator({ created_by_ref: bob.identity }),
      indicator({ created_by_ref: alice.identity }),
      indicator({ created_by_ref: 'identity--00000000-0000-4000-8000-00000000beef' }),
    ]);
    expect(outcomes(response)).toEqual(['producer_mismatch', 'created', 'created']);
    const single = indicator({ created_by_ref: bob.identity });
    expect(await alice.sends('post', '/indicators').send(single)).toMatchObject({
      status: 403,
      body: { code: 'producer_mismatch' },
    });
  });
});

describe('two sharers of the same public object', () => {
  it('each get `created`, whatever others shared, and a reader sees the union', async () => {
    const object = malware();
    expect(outcomes(await alice.posts(object, { audience: carol.slug }))).toEqual(['created']);
    expect(outcomes(await bob.posts(object, { audience: outsider.slug }))).toEqual(['created']);
    expect(await whoSees(object.id)).toEqual(['alice', 'bob', 'carol', 'outsider']);
    expect(outcomes(await outsider.posts(newer(object)))).toEqual(['created']);
  });

  it('do not disturb one another: a newer version of one leaves the reader of the other with the old', async () => {
    const object = malware();
    await alice.shares(object, { audience: carol.slug });
    await bob.shares(object, { audience: outsider.slug });
    await alice.shares(newer(object), { audience: carol.slug });
    expect((await carol.finds(object.id)).body).toEqual(newer(object));
    expect((await outsider.finds(object.id)).body).toEqual(object);
    expect((await outsider.reads()).withdrawn).toEqual([]);
  });
});

it("goes by the level that a marking of the sender's own states", async () => {
  const own = {
    type: 'marking-definition',
    spec_version: '2.1',
    id: 'marking-definition--6f6c7e0a-0c52-4b1f-9a59-3d0a5b7c1e11',
    created: '2026-01-01T00:00:00.000Z',
    definition_type: 'tlp',
    definition: { tlp: 'red' },
  };
  const secret = indicator({ object_marking_refs: [own.id] });
  const response = await alice.posts([secret, own]);
  expect(outcomes(response)).toEqual(['red_needs_named_organisations', 'created']);
  expect((await bob.finds(secret.id)).status).toBe(404);
});
