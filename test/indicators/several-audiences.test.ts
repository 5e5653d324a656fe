import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, outcomes, slug, type Actor } from '../support/actors.ts';
import { address, indicator, marked, TLP, type PostedObject } from '../support/builders.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let alice: Actor;
let bob: Actor;
let carol: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  const communities = [slug()];
  alice = await anActor(tocsin, { communities });
  bob = await anActor(tocsin, { communities });
  carol = await anActor(tocsin, { communities });
});
afterAll(() => tocsin.close());

const sees = async (actor: Actor, { id }: PostedObject) => (await actor.sees()).includes(id);

function codes(response: { body: unknown }): (string | undefined)[] {
  const { results } = response.body as { results: { warnings?: { code: string }[] }[] };
  return results.map(({ warnings }) => warnings?.[0]?.code);
}

const statement = (): PostedObject => ({
  type: 'marking-definition',
  spec_version: '2.1',
  id: `marking-definition--${randomUUID()}`,
  created: '2026-01-01T00:00:00.000Z',
  definition_type: 'statement',
  definition: { statement: 'Copyright' },
});

describe('an object without versions', () => {
  it.each([
    ['address', () => address()],
    ['marking', statement],
  ])('goes to each audience that it is posted for: %s', async (_, make) => {
    const object = make();
    await alice.shares(object, { audience: bob.slug });
    const again = await alice.posts(object, { audience: carol.slug });
    expect(outcomes(again)).toEqual(['updated']);
    expect(codes(again)).toEqual(['audience_widened']);
    expect(await sees(bob, object)).toBe(true);
    expect(await sees(carol, object)).toBe(true);
    expect((await bob.reads()).withdrawn).toEqual([]);
    // Now all have it.
    const third = await alice.posts([object, object], { audience: bob.slug });
    expect(outcomes(third)).toEqual(['unchanged', 'unchanged']);
    expect(codes(third)).not.toContain('audience_widened');
  });

  it('comes with observed-data for others', async () => {
    const object = address();
    await alice.shares(object, { audience: bob.slug });
    const observed = {
      type: 'observed-data',
      spec_version: '2.1',
      id: `observed-data--${randomUUID()}`,
      created: '2026-01-01T00:00:00.000Z',
      modified: '2026-01-01T00:00:00.000Z',
      first_observed: '2026-01-01T00:00:00.000Z',
      last_observed: '2026-01-01T00:00:00.000Z',
      number_observed: 1,
      object_refs: [object.id],
    };
    await alice.shares([observed, object, object]);
    expect(await sees(carol, observed)).toBe(true);
    expect(await sees(carol, object)).toBe(true);
  });

  it('is not given away by a dry run', async () => {
    const object = address();
    await alice.shares(object, { audience: bob.slug });
    const dry = await alice.posts(object, { audience: carol.slug, dry_run: true });
    expect(outcomes(dry)).toEqual(['updated']);
    expect(await sees(carol, object)).toBe(false);
  });

  it('keeps a level to which it was raised', async () => {
    const object = marked('green', address());
    await alice.shares(object, { audience: bob.slug });
    const raised = { tlp: 'red', audience: [bob.slug] };
    await alice.sends('patch', `/objects/${object.id}`).send(raised).expect(204);
    const again = await alice.posts(object);
    expect([outcomes(again), codes(again)]).toEqual([['unchanged'], ['audience_unchanged']]);
    expect(await sees(carol, object)).toBe(false);
  });

  it('stays where it is when the container that holds it does', async () => {
    const day = '2026-01-01T00:00:00.000Z';
    const observed = {
      type: 'observed-data',
      id: `observed-data--${randomUUID()}`,
      created: day,
      modified: day,
      first_observed: day,
      last_observed: day,
      number_observed: 1,
      object_marking_refs: [TLP.green],
      objects: { 0: { type: 'domain-name', value: `${slug('host')}.example.com` } },
    };
    expect(outcomes(await alice.posts(observed, { audience: bob.slug }))).toEqual([
      'created',
      'created',
    ]);
    expect(outcomes(await alice.posts(observed))).toEqual(['unchanged', 'unchanged']);
    expect(JSON.stringify(await carol.reads())).not.toContain(observed.objects[0].value);
  });
});

it('tells that a version stays with the audience that it has', async () => {
  const object = indicator();
  await alice.shares(object, { audience: bob.slug });
  const again = await alice.posts(object, { audience: carol.slug });
  expect([outcomes(again), codes(again)]).toEqual([['unchanged'], ['audience_unchanged']]);
  expect(await sees(carol, object)).toBe(false);
  expect(codes(await alice.posts(object, { audience: bob.slug }))).not.toContain(
    'audience_unchanged',
  );
});
