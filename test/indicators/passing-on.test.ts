/** Passing on an object that another member created: the very version, unchanged, as far as TLP lets it go. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, outcomes, slug, type Actor } from '../support/actors.ts';
import { indicator, marked, newer, TLP, type PostedObject } from '../support/builders.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
/** The creator; who sees it from alice; who may see what bob shares. */
let alice: Actor;
let bob: Actor;
let carol: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  alice = await anActor(tocsin, { communities: [slug()] });
  bob = await anActor(tocsin, { communities: [slug()], defaultTlp: 'clear' });
  carol = await anActor(tocsin, { communities: [slug()] });
});
afterAll(() => tocsin.close());

type Level = keyof typeof TLP;

/** What alice created, at a level, and shares with bob alone. */
async function created(level: Level = 'green', overrides: object = {}): Promise<PostedObject> {
  const object = marked(level, indicator({ created_by_ref: alice.identity, ...overrides }));
  await alice.shares(object, { audience: bob.slug });
  return object;
}

const toCarol = () => ({ audience: carol.slug });

/** The first result of a bundle of one, without what differs from object to object. */
async function resultOf(actor: Actor, object: PostedObject, query: object): Promise<object> {
  const response = await actor.posts(object, query);
  const { results } = response.body as { results: { id: string }[] };
  const [{ id: _, ...rest } = { id: '' }] = results;
  return rest;
}

describe('an object that another member created', () => {
  it('is reshared as it is, to the audience of the resharer', async () => {
    const object = await created();
    expect(outcomes(await bob.posts(object, toCarol()))).toEqual(['created']);
    expect((await carol.finds(object.id)).body).toEqual(object);
    expect(outcomes(await bob.posts(object, toCarol()))).toEqual(['unchanged']);
  });

  it('can be reshared again', async () => {
    const object = await created();
    const dora = await anActor(tocsin, { communities: [slug()] });
    await bob.shares(object, toCarol());
    expect(outcomes(await carol.posts(object, { audience: dora.slug }))).toEqual(['created']);
    expect((await dora.finds(object.id)).body).toEqual(object);
  });

  it('is refused once anything about it is changed', async () => {
    const object = await created();
    for (const changed of [
      { ...object, name: 'Another name' },
      { ...object, x_mine: true },
      newer(object),
      newer(object, 1, { revoked: true }),
      { ...object, revoked: true },
    ]) {
      expect(outcomes(await bob.posts(changed, toCarol()))).toEqual(['producer_mismatch']);
    }
    expect((await carol.finds(object.id)).status).toBe(404);
  });

  it('is refused by every door that takes objects', async () => {
    const object = indicator({ created_by_ref: alice.identity });
    const single = await bob.sends('post', '/indicators').query(toCarol()).send(object);
    expect(single).toMatchObject({ status: 403, body: { code: 'producer_mismatch' } });
    const lines = await bob
      .sends('post', '/bundles')
      .query(toCarol())
      .set('content-type', 'application/x-ndjson')
      .send(`${JSON.stringify(object)}\n`);
    expect(lines.text).toContain('producer_mismatch');
    const atomic = await bob.posts([object, indicator()], { ...toCarol(), atomic: true });
    expect(atomic.body).toMatchObject({ code: 'atomic_aborted' });
    expect(outcomes(await bob.posts(object, { ...toCarol(), dry_run: true }))).toEqual([
      'producer_mismatch',
    ]);
  });

  it('is foretold by the preview as it would be answered', async () => {
    const [seen, amber] = [await created(), await created('amber')];
    const unseen = indicator({ created_by_ref: alice.identity });
    const objects = [seen, unseen, amber];
    const rejected = async (audience: string) => {
      const { body } = await bob
        .sends('post', '/audiences/preview')
        .send({ audience: [audience], objects });
      const said = body as { rejected: { index: number; code: string }[] };
      return said.rejected.map(({ index, code }) => [index, code]);
    };
    const unsaid = [1, 'producer_mismatch'];
    expect(await rejected(carol.slug)).toEqual([unsaid, [2, 'producer_mismatch']]);
    expect(await rejected(bob.slug)).toEqual([unsaid]);
  });

  it('leaves the objects around it as they were', async () => {
    const [seen, unseen, own] = [
      await created(),
      indicator({ created_by_ref: alice.identity }),
      indicator(),
    ];
    const response = await bob.posts([unseen, own, seen], toCarol());
    expect(outcomes(response)).toEqual(['producer_mismatch', 'created', 'created']);
  });

  it('that one shared before its creator became a member stays as it was', async () => {
    const identity = 'identity--5a4c7d1e-8f1b-4c1a-9d55-0a3f6f1f7c10';
    const object = marked('amber', indicator({ created_by_ref: identity }));
    await bob.shares(object, toCarol());
    await tocsin.sql(
      'insert into identity (stix_id, organisation_id) select $1, id from organisation where slug = $2',
      [identity, alice.slug],
    );
    expect(outcomes(await bob.posts([object, newer(object)], toCarol()))).toEqual([
      'unchanged',
      'producer_mismatch',
    ]);
  });
});

describe('the identity of another member', () => {
  const itself = (overrides: object = {}): PostedObject => ({
    type: 'identity',
    spec_version: '2.1',
    id: alice.identity,
    created: '2025-12-01T00:00:00.000Z',
    modified: '2026-01-01T00:00:00.000Z',
    name: 'CERT of a member',
    object_marking_refs: [TLP.green],
    ...overrides,
  });

  it('is rejected, whatever creator it names', async () => {
    for (const created_by_ref of [undefined, bob.identity, alice.identity]) {
      const result = await resultOf(bob, itself({ created_by_ref }), toCarol());
      expect(result, created_by_ref).toMatchObject({ code: 'producer_mismatch', path: '$.id' });
    }
    expect((await carol.finds(alice.identity)).status).toBe(404);
  });

  it('is refused in STIX 2.0 too', async () => {
    const old = itself({ spec_version: undefined, identity_class: 'organization' });
    expect(outcomes(await bob.posts(old, toCarol()))).toEqual(['producer_mismatch']);
  });

  it('continues as its owner shares it, and ends when the owner revokes it', async () => {
    await alice.shares(itself(), { audience: bob.slug });
    expect(outcomes(await bob.posts(itself({ name: 'Another' }), toCarol()))).toEqual([
      'producer_mismatch',
    ]);
    expect(outcomes(await bob.posts(itself(), toCarol()))).toEqual(['created']);
    expect((await carol.finds(alice.identity)).body).toEqual(itself());
    const widened = await bob
      .sends('patch', `/objects/${alice.identity}`)
      .send({ tlp: 'amber', audience: [carol.slug, alice.slug] });
    expect(widened).toMatchObject({ status: 403, body: { code: 'producer_mismatch' } });
    await alice.shares(newer(itself(), 1, { revoked: true }), { audience: bob.slug });
    expect((await carol.finds(alice.identity)).body).toMatchObject({ revoked: true });
  });

  it("is one's own to share, and that of nobody is anybody's", async () => {
    const nobody = itself({ id: 'identity--1f0e7a44-53a4-4f0a-9d9b-6d1f0c5a7e21' });
    const own = itself({ id: bob.identity });
    expect(outcomes(await bob.posts([own, nobody], toCarol()))).toEqual(['created', 'created']);
  });
});

describe('what one may not see', () => {
  it('is refused in the words used for what nobody has', async () => {
    const unseen = marked('green', indicator({ created_by_ref: alice.identity }));
    await alice.shares(unseen, { audience: carol.slug });
    const red = marked('red', indicator({ created_by_ref: alice.identity }));
    await alice.shares(red, { audience: bob.slug });
    const nowhere = marked('green', indicator({ created_by_ref: alice.identity }));
    const expected = await resultOf(bob, nowhere, toCarol());
    expect(expected).toMatchObject({ outcome: 'rejected', code: 'producer_mismatch' });
    expect(await resultOf(bob, unseen, toCarol())).toEqual(expected);
    expect(await resultOf(bob, red, toCarol())).toEqual(expected);
    expect(await resultOf(bob, await superseded(), toCarol())).toEqual(expected);
  });

  it('may be passed on as soon as it may be seen', async () => {
    const object = marked('green', indicator({ created_by_ref: alice.identity }));
    await alice.shares(object, { audience: alice.slug });
    expect(outcomes(await bob.posts(object, toCarol()))).toEqual(['producer_mismatch']);
    await alice.sends('patch', `/objects/${object.id}`).send({ audience: [bob.slug] });
    expect(outcomes(await bob.posts(object, toCarol()))).toEqual(['created']);
  });

  it('would be passed on without the row security of versions', async () => {
    const object = marked('green', indicator({ created_by_ref: alice.identity }));
    await alice.shares(object, { audience: alice.slug });
    await tocsin.sql('alter table version disable row level security');
    try {
      expect(outcomes(await bob.posts(object, toCarol()))).toEqual(['created']);
    } finally {
      await tocsin.sql('alter table version enable row level security');
    }
  });

  /** A version that bob saw, and does not see any more. */
  async function superseded(): Promise<PostedObject> {
    const object = await created();
    await alice.shares(newer(object), { audience: alice.slug });
    return object;
  }
});

describe('the traffic light protocol', () => {
  it.each<[Level, 'others' | 'itself', string]>([
    ['clear', 'others', 'created'],
    ['green', 'others', 'created'],
    ['amber', 'others', 'producer_mismatch'],
    ['strict', 'others', 'producer_mismatch'],
    ['red', 'others', 'producer_mismatch'],
    ['clear', 'itself', 'created'],
    ['amber', 'itself', 'created'],
    ['strict', 'itself', 'producer_mismatch'],
    ['red', 'itself', 'producer_mismatch'],
  ])('lets TLP:%s go to %s: %s', async (level, whom, outcome) => {
    const object = await created(level);
    const audience = whom === 'others' ? carol.slug : bob.slug;
    expect(outcomes(await bob.posts(object, { audience }))).toEqual([outcome]);
    expect((await carol.finds(object.id)).status).toBe(
      outcome === 'created' && whom === 'others' ? 200 : 404,
    );
  });

  it('goes by the level at which it came, where that is stricter than the marking', async () => {
    const unmarked = indicator({ created_by_ref: alice.identity });
    const raised = await created('clear');
    await alice.shares(unmarked, { audience: bob.slug });
    await alice.sends('patch', `/objects/${raised.id}`).send({ tlp: 'amber' });
    const response = await bob.posts([unmarked, raised], toCarol());
    expect(outcomes(response)).toEqual(['producer_mismatch', 'producer_mismatch']);
    expect(response.body).toMatchObject({
      results: [{ detail: expect.stringContaining('AMBER') }, {}],
    });
  });

  it('holds when it is readdressed later', async () => {
    const [amber, green] = [await created('amber'), await created('green')];
    await bob.shares([amber, green], { audience: bob.slug });
    const patch = (id: string, body: object) => bob.sends('patch', `/objects/${id}`).send(body);
    const widened = await patch(amber.id, { audience: [carol.slug] });
    expect(widened).toMatchObject({
      status: 403,
      body: { code: 'producer_mismatch', path: 'body.audience' },
    });
    expect((await patch(green.id, { audience: [carol.slug] })).status).toBe(204);
    expect((await patch(green.id, { tlp: 'amber' })).status).toBe(204);
    const lowered = await patch(green.id, { tlp: 'green' });
    expect(lowered).toMatchObject({
      status: 403,
      body: { code: 'producer_mismatch', path: 'body.tlp' },
    });
    expect((await patch(green.id, { audience: [bob.slug] })).status).toBe(204);
    expect((await carol.finds(green.id)).status).toBe(404);
  });
});
