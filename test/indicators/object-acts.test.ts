import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OBJECT_CHARACTERS_MAX } from '../../src/indicators/examine.ts';
import { OBJECT_VALUES_MAX } from '../../src/stix/check/object-size.ts';
import { anActor, slug, type Actor } from '../support/actors.ts';
import { address, indicator, newer, TLP } from '../support/builders.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let alice: Actor;
let bob: Actor;
let carol: Actor;
let community: string;

beforeAll(async () => {
  tocsin = await startTocsin();
  community = slug();
  const communities = [community];
  alice = await anActor(tocsin, { communities });
  bob = await anActor(tocsin, { communities });
  carol = await anActor(tocsin, { communities, ceiling: 'green' });
});
afterAll(() => tocsin.close());

const patch = (actor: Actor, id: string, body: object) =>
  actor.sends('patch', `/objects/${id}`).send(body);
const revoke = (actor: Actor, id: string) => actor.sends('post', `/objects/${id}/revoke`);

describe('PATCH /objects/{id}', () => {
  it('narrows to whom it names: who loses it gets a withdrawal, who keeps it does not', async () => {
    const object = indicator({ object_marking_refs: [TLP.green] });
    await alice.shares(object);
    const { next: bobs } = await bob.reads({ limit: 10_000 });
    const { next: carols } = await carol.reads({ limit: 10_000 });
    expect((await patch(alice, object.id, { audience: [bob.slug] })).status).toBe(204);
    expect((await bob.reads({ after: bobs })).withdrawn).toEqual([]);
    expect((await carol.reads({ after: carols })).withdrawn).toEqual([object.id]);
    expect((await bob.finds(object.id)).status).toBe(200);
    expect((await carol.finds(object.id)).status).toBe(404);
  });

  it('widens: who gains it gets it', async () => {
    const object = indicator({ object_marking_refs: [TLP.green] });
    await alice.shares(object, { audience: bob.slug });
    const { next } = await carol.reads({ limit: 10_000 });
    await patch(alice, object.id, { audience: [bob.slug, carol.slug] });
    expect((await carol.reads({ after: next, as_posted: true })).objects).toEqual([object]);
  });

  it('raises the marking level, and never lowers it below what the object says', async () => {
    const object = indicator({ object_marking_refs: [TLP.green] });
    await alice.shares(object);
    const { next } = await carol.reads({ limit: 10_000 });
    expect((await patch(alice, object.id, { tlp: 'amber' })).status).toBe(204);
    expect((await carol.reads({ after: next })).withdrawn).toEqual([object.id]);
    const lowered = await patch(alice, object.id, { tlp: 'clear' });
    expect(lowered.status).toBe(409);
    expect(lowered.body).toMatchObject({ code: 'tlp_below_marking', path: 'body.tlp' });
  });

  it('takes no RED for a community', async () => {
    const object = indicator();
    await alice.shares(object);
    const response = await patch(alice, object.id, { tlp: 'red' });
    expect(response.body).toMatchObject({
      code: 'red_needs_named_organisations',
      path: 'body.tlp',
    });
    expect((await bob.finds(object.id)).status).toBe(200);
  });

  it.each([
    ['one organisation', () => bob.slug, 204],
    ['several', () => `${bob.slug},${carol.slug}`, 204],
    ['the sharer alone', () => alice.slug, 204],
    ['an organisation and a community', () => `${bob.slug},${community}`, 400],
  ])('takes RED without an audience where it was shared with %s', async (_, audience, status) => {
    const object = indicator();
    await alice.shares(object, { audience: audience() });
    const response = await patch(alice, object.id, { tlp: 'red' });
    expect(response.status).toBe(status);
    const code = status === 204 ? undefined : 'red_needs_named_organisations';
    expect((response.body as { code?: string }).code).toBe(code);
    expect((await alice.finds(object.id)).status).toBe(status === 204 ? 404 : 200);
  });

  it('is for the sharer of the object: others get 404', async () => {
    const object = indicator();
    await alice.shares(object);
    expect((await patch(bob, object.id, { audience: [bob.slug] })).status).toBe(404);
    expect((await patch(await alice.as('analyst'), object.id, { tlp: 'red' })).status).toBe(403);
    expect((await patch(alice, object.id, {})).status).toBe(400);
  });
});

describe('POST /objects/{id}/revoke', () => {
  it('sends a last version to everybody who sees the object, and ends its life', async () => {
    const object = indicator();
    await alice.shares(object);
    const { next } = await bob.reads({ limit: 10_000 });
    expect((await revoke(alice, object.id)).body).toMatchObject({ outcome: 'updated' });
    const { objects } = await bob.reads({ after: next });
    expect(objects).toMatchObject([{ ...object, modified: expect.any(String), revoked: true }]);
    const again = await revoke(alice, object.id);
    expect(again.status).toBe(409);
    expect(again.body).toMatchObject({ code: 'revocation_impossible', reason: 'revoked_is_final' });
  });

  it('is not stopped by the size limits', async () => {
    const members = Object.keys(indicator({ x_list: [] })).length + 1;
    const wide = indicator({
      x_list: Array.from({ length: OBJECT_VALUES_MAX - members }, () => 0),
    });
    const characters =
      OBJECT_CHARACTERS_MAX - JSON.stringify(indicator({ description: '' })).length;
    const long = indicator({ description: 'x'.repeat(characters - 10) });
    for (const object of [wide, long]) {
      await alice.shares(object);
      const answer = await revoke(alice, object.id);
      expect([answer.status, answer.body]).toMatchObject([200, { outcome: 'updated' }]);
    }
  });

  it('follows a modified at the end of time, as long as there is a later one', async () => {
    const last = indicator({ modified: '9999-12-31T23:59:59.999Z' });
    await alice.shares(last);
    expect((await revoke(alice, last.id)).body).toMatchObject({ outcome: 'updated' });
    const very = indicator({ modified: '9999-12-31T23:59:59.999999Z' });
    await alice.shares(very);
    expect(await revoke(alice, very.id)).toMatchObject({
      status: 409,
      body: { code: 'revocation_impossible', path: '$.modified' },
    });
  });

  it('keeps the level that its owner raised: who did not see it learns nothing', async () => {
    const object = indicator({ object_marking_refs: [TLP.green] });
    await alice.shares(object);
    await patch(alice, object.id, { tlp: 'amber' });
    const { next } = await carol.reads({ limit: 10_000 });
    await revoke(alice, object.id);
    expect(await carol.reads({ after: next })).toMatchObject({ objects: [], withdrawn: [] });
    expect((await carol.finds(object.id)).status).toBe(404);
  });

  it('is for the sharer of the object, and for objects with versions', async () => {
    const object = indicator();
    await alice.shares(object);
    expect((await revoke(bob, object.id)).status).toBe(404);
    const unversioned = address();
    await alice.shares(unversioned);
    expect(await revoke(alice, unversioned.id)).toMatchObject({
      status: 409,
      body: { code: 'revocation_impossible' },
    });
  });
});

describe('a re-issue under another id', () => {
  const release = (overrides: object = {}) =>
    indicator({ pattern: "[domain-name:value = 'reissue.example.org']", ...overrides });

  it('says which object it is a copy of, also within a bundle and when written differently', async () => {
    const first = release();
    await bob.shares(first);
    const second = release({ pattern: "[ domain-name:value='reissue.example.org' ]" });
    const third = release();
    const { body } = await bob.posts([second, third]);
    expect(body).toMatchObject({
      results: [
        { outcome: 'created', duplicate_of: first.id },
        { outcome: 'created', duplicate_of: first.id },
      ],
    });
    const { body: update } = await bob.posts(newer(first));
    expect((update as { results: object[] }).results[0]).not.toHaveProperty('duplicate_of');
  });

  it('is one thing with its whole history, of what the caller sees', async () => {
    const pattern = "[domain-name:value = 'history.example.org']";
    const first = indicator({ pattern });
    const second = newer(indicator({ pattern }));
    await alice.shares(first);
    await alice.shares(second, { audience: carol.slug });
    const history = async (actor: Actor) => {
      const { body } = await actor.sends('get', `/objects/${first.id}/history`);
      return (body as { versions: { object: { id: string } }[] }).versions.map(
        ({ object }) => object.id,
      );
    };
    expect(await history(alice)).toEqual([second.id, first.id]);
    expect(await history(bob)).toEqual([first.id]);
    const unknown = await bob.sends('get', `/objects/${indicator().id}/history`);
    expect(unknown.status).toBe(404);
  });

  it('of another organisation is none', async () => {
    const pattern = "[domain-name:value = 'two.example.org']";
    await alice.shares(indicator({ pattern }));
    const { body } = await bob.posts(indicator({ pattern }));
    expect((body as { results: object[] }).results[0]).not.toHaveProperty('duplicate_of');
  });
});
