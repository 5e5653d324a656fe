import { createHash } from 'node:crypto';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chainAll } from '../../src/audit/chain.ts';
import { signHead } from '../../src/audit/checkpoint.ts';
import { gatherDisclosures, noteDisclosures } from '../../src/audit/disclosures.ts';
import { openCheckpoint, readVkey } from '../../src/audit/note.ts';
import { appendServerAudit } from '../../src/store/audit/record.ts';
import { asServer } from '../../src/store/postgres/transaction.ts';
import { anActor, slug, type Actor } from '../support/actors.ts';
import { indicator } from '../support/builders.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

interface Entry {
  readonly position: number;
  readonly organisation: string | null;
  readonly actor: string;
  readonly action: string;
  readonly detail: Record<string, unknown>;
  readonly address: string | null;
  readonly address_salt: string | null;
  readonly entry: string;
}

let tocsin: Tocsin;
let alice: Actor;
let bob: Actor;
let admin: Actor;
beforeAll(async () => {
  tocsin = await startTocsin();
  const communities = [slug()];
  alice = await anActor(tocsin, { communities });
  bob = await anActor(tocsin, { communities });
  admin = await (await anActor(tocsin)).as('admin');
});
afterAll(() => tocsin.close());

async function signed(): Promise<number> {
  await chainAll(tocsin.db);
  return (await signHead(tocsin.db, tocsin.keyring)).size;
}

async function entriesOf(actor: Actor): Promise<Entry[]> {
  const response = await actor.sends('get', '/audit').query({ limit: 1000 });
  expect(response.status).toBe(200);
  return (response.body as { entries: Entry[] }).entries;
}

/** What was counted in memory, in the audit: as a server does when it stops. */
async function flushed(): Promise<void> {
  const other = await tocsin.another(['worker']);
  await other.close();
}

describe('GET /audit', () => {
  it('gives an org_admin its own part and an admin everything', async () => {
    await alice.shares(indicator());
    await bob.shares(indicator());
    await signed();
    const own = await entriesOf(alice);
    expect(own.map(({ action }) => action)).toContain('objects.share');
    expect(new Set(own.map(({ organisation }) => organisation))).toEqual(new Set([alice.slug]));
    const all = await entriesOf(admin);
    expect(all.map(({ position }) => position)).toEqual(all.map((_, i) => i));
    const slugs = new Set(all.map(({ organisation }) => organisation));
    expect(slugs.isSupersetOf(new Set([alice.slug, bob.slug]))).toBe(true);
  });

  it('names audiences as their sharer did, never by numbers that count what others do', async () => {
    const object = indicator();
    const both = [alice.slug, bob.slug].toSorted();
    await alice.shares(object, { audience: bob.slug });
    await alice.sends('patch', `/objects/${object.id}`).send({ tlp: 'amber+strict' }).expect(204);
    await signed();
    const named = (await entriesOf(alice)).slice(-2).map(({ action, detail }) => [action, detail]);
    expect(named).toEqual([
      ['objects.share', { realm: 'production', audience: both, objects: 1 }],
      [
        'object.readdress',
        { realm: 'production', object: object.id, audience: both, tlp: 'amber+strict' },
      ],
    ]);
  });

  it('comes page by page, without a gap', async () => {
    const all = await entriesOf(admin);
    const seen: number[] = [];
    for (let page = { next: 0, more: true }; page.more;) {
      const response = await admin.sends('get', '/audit').query({ from: page.next, limit: 3 });
      const body = response.body as { next: number; more: boolean; entries: Entry[] };
      seen.push(...body.entries.map(({ position }) => position));
      page = body;
    }
    expect(seen).toEqual(all.map(({ position }) => position));
  });

  it.each([{ from: -1 }, { limit: 0 }, { limit: 1001 }, { from: 'x' }, { other: 1 }])(
    'refuses %o',
    async (query) => {
      const response = await alice.sends('get', '/audit').query(query);
      expect(response.status).toBe(400);
    },
  );

  it.each(['publisher', 'analyst', 'feed'] as const)('is not for a %s', async (role) => {
    const actor = await alice.as(role);
    for (const path of ['/audit', '/audit/proof?position=0&size=1']) {
      expect((await actor.sends('get', path)).status).toBe(403);
    }
    expect((await request(tocsin.url).get('/api/v1/audit')).status).toBe(401);
  });
});

describe('the client address of an entry', () => {
  it('is shown to administrators and to the organisation that acted, and is in the hash', async () => {
    const [{ id } = { id: 0 }] = await tocsin.sql<{ id: number }>(
      'select id from organisation where slug = $1',
      [bob.slug],
    );
    const actor = `key ${keyId(bob)}`;
    const act = { organisationId: id, requestId: undefined, address: '192.0.2.7', detail: {} };
    await asServer(tocsin.db, async (tx) => {
      await appendServerAudit(tx, { ...act, actor, action: 'test.own' });
      await appendServerAudit(tx, { ...act, actor: `key ${keyId(admin)}`, action: 'test.foreign' });
    });
    await signed();
    const seenBy = async (reader: Actor, action: string) =>
      (await entriesOf(reader)).find((entry) => entry.action === action);
    const own = await seenBy(bob, 'test.own');
    expect(own?.address).toBe('192.0.2.7');
    const hash = createHash('sha256').update(`${own?.address_salt}\n192.0.2.7`).digest('hex');
    expect(own?.entry.split('\n')[8]).toBe(hash);
    expect(await seenBy(bob, 'test.foreign')).toMatchObject({ address: null, address_salt: null });
    expect(await seenBy(admin, 'test.foreign')).toMatchObject({ address: '192.0.2.7' });
  });
});

function keyId(actor: Actor): string {
  return actor.key.split('_')[1] ?? '';
}

describe('the checkpoint and its proofs', () => {
  it('is there for every member, in both forms', async () => {
    const size = await signed();
    const url = '/api/v1/audit/checkpoint';
    const path = '/audit/checkpoint';
    expect((await request(tocsin.url).get(url)).status).toBe(401);
    const note = await alice.sends('get', path);
    expect(note.headers['content-type']).toBe('text/plain; charset=utf-8');
    const { body } = await alice.sends('get', path).set('accept', 'application/json');
    const { checkpoint, keys } = body as { checkpoint: string; keys: string[] };
    expect(checkpoint).toBe(note.text);
    const verifier = readVkey(keys[0] ?? '');
    expect(verifier && openCheckpoint(note.text, [verifier])?.size).toBe(size);
    expect((await alice.sends('get', path).set('accept', 'image/png')).status).toBe(406);
  });

  it('proves an entry only to whom it is shown, and only what was signed', async () => {
    const size = await signed();
    const [own] = await entriesOf(alice);
    const ask = (actor: Actor, query: object) => actor.sends('get', '/audit/proof').query(query);
    const position = own?.position ?? -1;
    expect((await ask(alice, { position, size })).status).toBe(200);
    expect((await ask(admin, { position, size })).status).toBe(200);
    const hidden = await ask(bob, { position, size });
    const nowhere = await ask(bob, { position: size + 1000, size });
    const bare = (text: string) => text.replace(/"instance":"[^"]*"/, '');
    expect(hidden.status).toBe(404);
    expect(bare(hidden.text)).toBe(bare(nowhere.text));
    expect((await ask(alice, { position, size: position })).status).toBe(
      position === 0 ? 400 : 404,
    );
    expect((await ask(alice, { position, size: size + 1 })).status).toBe(400);
    expect((await ask(alice, { from: size + 1, size })).status).toBe(400);
    expect((await ask(alice, { from: 1, position: 1, size })).status).toBe(400);
    expect((await ask(alice, { size })).status).toBe(400);
  });
});

describe('what is recorded by itself', () => {
  it('tells each reader, door and how far it read, with the cursors that the reader knows', async () => {
    const one = indicator();
    await alice.shares([one, indicator()]);
    const disclosures = gatherDisclosures(tocsin.db, () => undefined);
    const facts = await tocsin.sql<{ id: number }>('select id from organisation where slug = $1', [
      bob.slug,
    ]);
    const reader = { reader: 'key test', organisationId: facts[0]?.id ?? 0, realmId: 1 };
    disclosures.record({ ...reader, door: 'changes', place: 7, objects: 2 });
    disclosures.record({ ...reader, door: 'changes', place: 5, objects: 3 });
    disclosures.record({ ...reader, door: 'changes', place: 9, objects: 0 });
    disclosures.record({ ...reader, door: 'objects', place: 0, objects: 1 });
    await disclosures.close();
    await noteDisclosures(tocsin.db, tocsin.keyring);
    await noteDisclosures(tocsin.db, tocsin.keyring);
    await signed();
    const told = (await entriesOf(bob)).filter(({ actor }) => actor === 'key test');
    expect(told.map(({ detail }) => [detail['door'], detail['objects']])).toEqual([
      ['changes', 5],
      ['objects', 1],
    ]);
    expect(JSON.stringify(told)).not.toMatch(/"(?:from|to|place)":\d/);
    const stored = await tocsin.sql(`select place::int from disclosure where reader = 'key test'
      order by door`);
    expect(stored).toEqual([{ place: 7 }, { place: 0 }]);
  });

  it('tells what was refused, counted, to the organisation whose key it was', async () => {
    const server = await tocsin.another(['http']);
    const analyst = await alice.as('analyst');
    const post = () =>
      request(server.url)
        .post('/api/v1/bundles')
        .set('authorization', `Bearer ${analyst.key}`)
        .send({});
    for (let i = 0; i < 3; i++) expect((await post()).status).toBe(403);
    for (const key of ['', 'wrong', analyst.key.replace(/.$/, '?')]) {
      const response = await request(server.url).get('/api/v1/me').set('x-api-key', key);
      expect(response.status).toBe(401);
    }
    const read = await request(server.url)
      .get('/api/v1/changes')
      .set('authorization', `Bearer ${bob.key}`);
    await server.close();
    await flushed();
    await signed();
    const refused = (await entriesOf(admin)).filter(({ action }) => action === 'request.refuse');
    const route = { method: 'POST', route: '/api/v1/bundles', code: 'role_not_allowed', count: 3 };
    expect(refused).toContainEqual(
      expect.objectContaining({ organisation: alice.slug, detail: route }),
    );
    const nobody = refused.filter(({ actor }) => actor === 'nobody');
    const counts = Object.fromEntries(nobody.map(({ detail: d }) => [d['code'], d['count']]));
    expect(counts).toEqual({ key_invalid: 2, key_missing: 1 });
    const { next, objects } = read.body as { next: string; objects: unknown[] };
    const disclosed = (await entriesOf(bob)).filter(
      ({ actor, action }) => action === 'objects.disclose' && actor !== 'key test',
    );
    expect(disclosed.map(({ detail }) => detail)).toContainEqual(
      expect.objectContaining({ door: 'changes', to: next, objects: objects.length }),
    );
  });
});
