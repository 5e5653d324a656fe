/** Objects that come back as they were served, with the reference of their level. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, outcomes, slug, type Actor } from '../support/actors.ts';
import { address, indicator, marked, newer, TLP, type PostedObject } from '../support/builders.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let alice: Actor;
let bob: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  const communities = [slug()];
  alice = await anActor(tocsin, { communities });
  bob = await anActor(tocsin, { communities });
});
afterAll(() => tocsin.close());

const raise = (by: Actor, { id }: PostedObject, tlp: string) =>
  by.sends('patch', `/objects/${id}`).send({ tlp }).expect(204);

describe('an object that comes back', () => {
  const resultOf = async (by: Actor, object: PostedObject) => {
    const { body } = await by.posts(object).expect(200);
    return (
      body as { results: { outcome: string; code?: string; warnings?: { code: string }[] }[] }
    ).results[0];
  };
  const servedTo = async (reader: Actor, { id }: PostedObject) =>
    (await reader.finds(id, { as_posted: false }).expect(200)).body as PostedObject;

  it.each([
    ['an indicator', () => indicator()],
    ['a marked one', () => marked('green')],
    [
      'one with a reference of TLP 1',
      () =>
        indicator({
          object_marking_refs: ['marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da'],
        }),
    ],
    ['one in the name of its sharer', () => indicator({ created_by_ref: alice.identity })],
    ['an observable', () => address()],
  ])('is the same to its sharer, as it is and as it was served: %s', async (_, make) => {
    const object = make();
    await alice.shares(object);
    const first = await servedTo(alice, object);
    expect(await resultOf(alice, first)).toMatchObject({ outcome: 'unchanged' });
    await raise(alice, object, 'amber+strict');
    const second = await servedTo(alice, object);
    expect(second['object_marking_refs']).toContain(TLP.strict);
    const again = await resultOf(alice, second);
    expect(again).toMatchObject({ outcome: 'unchanged' });
    expect(again?.warnings?.map(({ code }) => code)).not.toContain('tlp_unchanged');
    // Neither the form of an earlier day nor the object as posted lowers it again.
    for (const earlier of [first, object]) {
      expect(await resultOf(alice, earlier)).toMatchObject({ outcome: 'unchanged' });
      expect(await servedTo(bob, object)).toEqual(second);
    }
    const told = await resultOf(alice, { ...first, object_marking_refs: [TLP.amber] });
    expect(told).toMatchObject({ outcome: 'unchanged' });
    expect(told?.warnings?.map(({ code }) => code)).toContain('tlp_unchanged');
  });

  it('marked more strictly than it is shared is a change, never lost', async () => {
    const object = indicator();
    await alice.shares(object);
    // The same version cannot have two contents: its sharer gets an error, and a later one is accepted.
    const raised = marked('strict', object);
    expect(outcomes(await alice.posts(raised))).toEqual(['version_conflict']);
    expect(outcomes(await alice.posts(newer(raised)))).toEqual(['updated']);
    expect((await servedTo(bob, object))['object_marking_refs']).toEqual([TLP.strict]);
    // What has no versions takes the stricter marking at once.
    const observable = address();
    await alice.shares(observable);
    expect(outcomes(await alice.posts(marked('strict', observable)))).toEqual(['updated']);
    expect((await servedTo(bob, observable))['object_marking_refs']).toEqual([TLP.strict]);
  });

  it('with a later version of a lower level says so', async () => {
    const object = indicator();
    await alice.shares(object);
    await raise(alice, object, 'amber+strict');
    const lowered = await resultOf(alice, newer(object));
    expect(lowered).toMatchObject({ outcome: 'updated' });
    expect(lowered?.warnings?.find(({ code }) => code === 'tlp_lowered')).toMatchObject({
      path: '$.object_marking_refs',
      detail: expect.stringMatching(/at TLP:AMBER\+STRICT before and is at TLP:AMBER now/),
    });
    // At the level that it has now there is nothing to say.
    const warned = (await resultOf(alice, newer(object, 2)))?.warnings ?? [];
    expect(warned.map(({ code }) => code)).not.toContain('tlp_lowered');
  });

  it('without versions and with new content stays at the level that its readers have', async () => {
    const object = address();
    await alice.shares(object);
    await raise(alice, object, 'amber+strict');
    const changed = await resultOf(alice, { ...object, x_note: 'more' });
    expect(changed).toMatchObject({ outcome: 'updated' });
    expect(changed?.warnings?.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['tlp_unchanged']),
    );
    expect((await servedTo(bob, object))['object_marking_refs']).toEqual([TLP.strict]);
  });

  it('is lowered by a later object of one request, and raised without a warning', async () => {
    const object = indicator();
    await alice.shares(object);
    const { body } = await alice.posts([newer(marked('strict', object)), newer(object, 2)]);
    const { results } = body as { results: { warnings?: { code: string }[] }[] };
    const lowers = results.map(({ warnings = [] }) =>
      warnings.some(({ code }) => code === 'tlp_lowered'),
    );
    expect(lowers).toEqual([false, true]);
  });

  it('without the marking that its sharer gave it is another', async () => {
    const object = marked('amber');
    await alice.shares(object);
    const { object_marking_refs: _, ...bare } = object;
    expect(outcomes(await alice.posts(bare as PostedObject))).toEqual(['version_conflict']);
    expect(outcomes(await alice.posts(marked('green', object)))).toEqual(['version_conflict']);
  });

  it('is passed on by another member as it was served, with its marking and not without', async () => {
    const carol = await anActor(tocsin, { communities: [slug()], defaultTlp: 'clear' });
    const greens = await anActor(tocsin, { communities: [slug()], defaultTlp: 'green' });
    const object = indicator({ created_by_ref: greens.identity });
    await greens.shares(object, { audience: bob.slug });
    const served = await servedTo(bob, object);
    expect(served['object_marking_refs']).toEqual([TLP.green]);
    for (const changed of [marked('strict', object), { ...served, name: 'Another' }]) {
      const response = await bob.posts(changed, { audience: carol.slug });
      expect(outcomes(response)).toEqual(['producer_mismatch']);
    }
    expect(outcomes(await bob.posts(served, { audience: carol.slug }))).toEqual(['created']);
    expect(await servedTo(carol, object)).toEqual(served);
    // Its readers may pass it on in turn, and what its creator marked never comes without that.
    expect(outcomes(await carol.posts(served, { audience: alice.slug }))).toEqual(['created']);
    const green = marked('green', indicator({ created_by_ref: greens.identity }));
    await greens.shares(green, { audience: bob.slug });
    const { object_marking_refs: _, ...bare } = green;
    expect(outcomes(await bob.posts(bare as PostedObject, { audience: carol.slug }))).toEqual([
      'producer_mismatch',
    ]);
  });
});
