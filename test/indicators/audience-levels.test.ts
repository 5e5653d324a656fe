/** Objects without versions that are posted for several audiences, at a level for each. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, outcomes, slug, type Actor } from '../support/actors.ts';
import { address, marked, newer, TLP, type PostedObject } from '../support/builders.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let alice: Actor;
let bob: Actor;
let carol: Actor;
/** A member whose ceiling is GREEN. */
let dave: Actor;

const community = slug();

beforeAll(async () => {
  tocsin = await startTocsin();
  const communities = [community];
  alice = await anActor(tocsin, { communities });
  bob = await anActor(tocsin, { communities });
  carol = await anActor(tocsin, { communities });
  dave = await anActor(tocsin, { communities, ceiling: 'green' });
});
afterAll(() => tocsin.close());

interface Warning {
  readonly code: string;
  readonly detail: string;
}

function warningsOf(response: { body: unknown }): Warning[] {
  const { results } = response.body as { results: { warnings?: Warning[] }[] };
  return results.flatMap(({ warnings = [] }) => warnings);
}

async function markingsOf(actor: Actor, { id }: PostedObject): Promise<unknown> {
  await tocsin.sequenced();
  const { status, body } = await actor.finds(id);
  return status === 200 ? (body as PostedObject)['object_marking_refs'] : status;
}

const withdrawnFrom = async (actor: Actor) => (await actor.reads({ limit: 10_000 })).withdrawn;

const person = (): PostedObject => ({
  type: 'identity',
  spec_version: '2.1',
  id: `identity--${randomUUID()}`,
  created: '2026-01-01T00:00:00.000Z',
  modified: '2026-01-01T00:00:00.000Z',
  name: 'Victim',
  identity_class: 'organization',
});

describe('an object without versions that is posted at another level', () => {
  it('stays with those who have it, and goes to the new audience at its level', async () => {
    const object = address();
    await alice.shares(marked('green', object));
    const stricter = await alice.posts(marked('strict', object), { audience: bob.slug });
    expect(outcomes(stricter)).toEqual(['updated']);
    expect(warningsOf(stricter)[0]).toMatchObject({
      code: 'audience_widened',
      detail: expect.stringContaining(`is shared with ${bob.slug} now`) as unknown,
    });
    expect(await markingsOf(carol, object)).toEqual([TLP.green]);
    expect(await markingsOf(dave, object)).toEqual([TLP.green]);
    expect(await markingsOf(bob, object)).toEqual([TLP.strict]);
    for (const actor of [bob, carol, dave]) {
      expect(await withdrawnFrom(actor)).not.toContain(object.id);
    }
  });

  it('tells by name who gains it', async () => {
    const object = address();
    await alice.shares(marked('strict', object), { audience: bob.slug });
    const wider = await alice.posts(marked('green', object));
    expect(outcomes(wider)).toEqual(['updated']);
    const [warning] = warningsOf(wider);
    expect(warning?.code).toBe('audience_widened');
    expect(warning?.detail).toContain(`is shared with ${community} now`);
    expect(await markingsOf(dave, object)).toEqual([TLP.green]);
    const same = address();
    await alice.shares(same, { audience: bob.slug });
    const again = await alice.posts(same, { audience: [bob.slug, carol.slug] });
    expect(warningsOf(again)[0]?.detail).toContain(`is shared with ${carol.slug} now`);
    expect(warningsOf(again)[0]?.detail).not.toContain(bob.slug);
  });

  it('does not show the content of one audience to another', async () => {
    const object = marked('green', address());
    await alice.shares(object);
    await alice.shares({ ...object, x_note: 'for bob' }, { audience: bob.slug });
    expect(JSON.stringify((await carol.reads({ limit: 10_000 })).objects)).not.toContain('for bob');
    expect(JSON.stringify((await bob.reads({ limit: 10_000 })).objects)).toContain('for bob');
  });

  it('replaces what everybody who had it receives again', async () => {
    const object = marked('green', address());
    await alice.shares({ ...object, x_note: 'first' }, { audience: bob.slug });
    await alice.shares({ ...object, x_note: 'second' }, { audience: [bob.slug, carol.slug] });
    const history = await bob.sends('get', `/objects/${object.id}/history`).expect(200);
    expect(JSON.stringify(history.body)).toContain('first');
    // Only one is current: raising that one hides the object from all who may not see so much.
    await alice
      .sends('patch', `/objects/${object.id}`)
      .send({ audience: [carol.slug] })
      .expect(204);
    expect(await markingsOf(bob, object)).toBe(404);
  });

  it('goes to one audience alone, and to one level, when its sharer says so', async () => {
    const object = address();
    await alice.shares(marked('green', object));
    await alice.shares(marked('strict', object), { audience: bob.slug });
    await alice.sends('patch', `/objects/${object.id}`).send({ tlp: 'amber+strict' }).expect(204);
    expect(await markingsOf(dave, object)).toBe(404);
    expect(await withdrawnFrom(dave)).toContain(object.id);
    expect(await markingsOf(carol, object)).toEqual([TLP.green]);
    await alice
      .sends('patch', `/objects/${object.id}`)
      .send({ audience: [bob.slug] })
      .expect(204);
    expect(await markingsOf(carol, object)).toBe(404);
    expect(await withdrawnFrom(carol)).toContain(object.id);
    expect(await markingsOf(bob, object)).toEqual([TLP.strict]);
  });

  it('keeps its level for an audience that is to have it at a higher one', async () => {
    const object = address();
    await alice.shares(marked('green', object));
    const raised = await alice.posts(marked('amber', object));
    expect(warningsOf(raised)[0]?.code).toBe('earlier_audience_kept');
    expect(await markingsOf(dave, object)).toEqual([TLP.green]);
    expect(await markingsOf(carol, object)).toEqual([TLP.amber]);
    expect(await withdrawnFrom(dave)).not.toContain(object.id);
  });

  it('is not withdrawn by a later version of an identity for others', async () => {
    const object = marked('green', person());
    await alice.shares(object);
    await alice.shares(newer(marked('strict', object)), { audience: bob.slug });
    expect(await markingsOf(dave, object)).toEqual([TLP.green]);
    expect(await markingsOf(bob, object)).toEqual([TLP.strict]);
    // Its end is for all who have it.
    await alice.sends('post', `/objects/${object.id}/revoke`).expect(200);
    await tocsin.sequenced();
    expect(await withdrawnFrom(dave)).toContain(object.id);
    expect((await bob.finds(object.id)).body).toMatchObject({ revoked: true });
  });

  it('has a bounded number of contents', async () => {
    const object = address();
    // Each audience is another one, so that nothing is replaced.
    const others = await Promise.all(
      Array.from({ length: 17 }, () => anActor(tocsin, { communities: [community] })),
    );
    const answers: string[] = [];
    for (const [number, other] of others.entries()) {
      const posted = { ...object, x_note: `${number}` };
      answers.push(...outcomes(await alice.posts(posted, { audience: other.slug })));
    }
    expect(answers).toEqual(['created', ...Array(15).fill('updated'), 'too_many_variants']);
    // One content for all of them makes room.
    await alice.shares({ ...object, x_note: 'all' }, { audience: others.map((one) => one.slug) });
    const next = await alice.posts({ ...object, x_note: 'next' }, { audience: bob.slug });
    expect(outcomes(next)).toEqual(['updated']);
  });

  it('is posted by several requests at once without loss', async () => {
    const object = address();
    const levels = ['clear', 'green', 'amber', 'strict'] as const;
    // What dave was once given above its ceiling, no later post lowers: it is given what it may see.
    const given = [bob, carol].flatMap((actor) => levels.map((level) => ({ actor, level })));
    given.push(...levels.slice(0, 2).map((level) => ({ actor: dave, level })));
    const posts = given
      .toSorted((a, b) => levels.indexOf(a.level) - levels.indexOf(b.level))
      .map(({ actor, level }) => alice.posts(marked(level, object), { audience: actor.slug }));
    const answers = await Promise.all(posts);
    expect(answers.map(({ status }) => status)).toEqual(posts.map(() => 200));
    for (const actor of [bob, carol]) {
      expect(JSON.stringify((await actor.reads({ limit: 10_000 })).objects)).toContain(TLP.strict);
    }
    expect(await markingsOf(dave, object)).not.toBe(404);
    expect(await withdrawnFrom(dave)).not.toContain(object.id);
  });
});
