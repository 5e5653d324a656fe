import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKeyring } from '../../src/keyring.ts';
import { sealCursor } from '../../src/log/cursor.ts';
import { anActor, slug, type Actor } from '../support/actors.ts';
import { indicator, marked, newer } from '../support/builders.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let alice: Actor;
let bob: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  const communities = [slug()];
  alice = await anActor(tocsin, { communities });
  bob = await anActor(tocsin, { communities, ceiling: 'amber' });
});
afterAll(() => tocsin.close());

const read = (actor: Actor, query: object) => actor.sends('get', '/changes').query(query);

async function idOf(actor: Actor): Promise<number> {
  const [row] = await tocsin.sql<{ id: number }>('select id from organisation where slug = $1', [
    actor.slug,
  ]);
  return row?.id ?? 0;
}

it('pages of any size add up to the whole, in one order, each object once', async () => {
  const { next: start } = await bob.reads({ limit: 10_000 });
  const objects = Array.from({ length: 25 }, () => indicator());
  await alice.shares(objects);
  const whole = (await bob.reads({ after: start })).objects.map(({ id }) => id);
  expect(whole.toSorted()).toEqual(objects.map(({ id }) => id).toSorted());
  for (const limit of [1, 7, 25, 26]) {
    const seen: string[] = [];
    let after = start;
    for (let more = true; more;) {
      const page = await bob.reads({ after, limit });
      expect(page.objects.length).toBeLessThanOrEqual(limit);
      seen.push(...page.objects.map(({ id }) => id));
      ({ next: after, more } = page);
    }
    expect(seen).toEqual(whole);
  }
});

it('says the same in lines', async () => {
  const { next: after } = await bob.reads({ limit: 10_000 });
  const object = indicator();
  await alice.shares(object);
  await alice.shares(newer(object), { audience: alice.slug });
  const asked = bob
    .sends('get', '/changes')
    .query({ after })
    .set('accept', 'application/x-ndjson')
    .buffer(true);
  const response = await asked;
  expect(response.type).toBe('application/x-ndjson');
  const lines = response.text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  const { next, more } = await bob.reads({ after });
  expect(lines).toEqual([{ withdrawn: object.id }, { next, more }]);
  const other = await bob.sends('get', '/changes').set('accept', 'text/csv');
  expect(other).toMatchObject({ status: 406, body: { code: 'not_acceptable' } });
});

it('never shows what has been withdrawn, to one who begins later', async () => {
  const object = marked('green');
  await alice.shares(object);
  expect(await bob.sees()).toContain(object.id);
  await alice.shares({ ...marked('strict', newer(object)) });
  expect(await bob.sees()).not.toContain(object.id);
  expect((await bob.finds(object.id, { version: 'all' })).status).toBe(404);
  const { withdrawn } = await bob.reads({ limit: 10_000 });
  expect(withdrawn).toContain(object.id);
  // What was drawn out of it is as hidden as it is.
  const rows = await tocsin.sql(
    `select distinct v.tlp = o.tlp and v.audience_id = o.audience_id as same, o.tlp
       from version v join observable o on o.version_id = v.id where v.stix_id = $1`,
    [object.id],
  );
  expect(rows).toEqual([{ same: true, tlp: 3 }]);
});

describe('a cursor', () => {
  it('is the same for the same place, and does not tell it', async () => {
    const [first, second] = [
      await bob.reads({ limit: 10_000 }),
      await bob.reads({ limit: 10_000 }),
    ];
    expect(first.next).toBe(second.next);
    expect(first.next).toMatch(/^[A-Za-z0-9_-]{40,80}$/);
  });

  it('that is garbage, altered, cut or of another viewer is refused', async () => {
    const { next } = await bob.reads();
    const altered = `${next.startsWith('A') ? 'B' : 'A'}${next.slice(1)}`;
    const foreign = sealCursor(
      createKeyring(Buffer.alloc(32, 7)),
      { organisationId: await idOf(bob), realmId: 1 },
      1,
    );
    for (const after of [
      'garbage',
      '0',
      altered,
      next.slice(0, -1),
      `${next}A`,
      foreign,
      'a'.repeat(201),
    ]) {
      const response = await read(bob, { after });
      expect([after, response.status]).toEqual([after, 400]);
      expect(response.body.code).toBe(after.length > 200 ? 'invalid_request' : 'cursor_invalid');
    }
    const response = await read(alice, { after: next });
    expect(response).toMatchObject({
      status: 400,
      body: { code: 'cursor_invalid', path: 'querystring.after' },
    });
  });

  it('of another realm is refused', async () => {
    const after = sealCursor(tocsin.keyring, { organisationId: await idOf(bob), realmId: 2 }, 1);
    expect((await read(bob, { after })).body).toMatchObject({
      status: 400,
      code: 'cursor_invalid',
    });
  });

  it('beyond the end, as after a database was set back, has expired', async () => {
    const after = sealCursor(
      tocsin.keyring,
      { organisationId: await idOf(bob), realmId: 1 },
      10_000_000,
    );
    expect((await read(bob, { after })).body).toMatchObject({
      status: 410,
      code: 'cursor_expired',
    });
  });

  it('from before the oldest row has expired; a reader starts again without one', async () => {
    const early = (await bob.reads({ limit: 1 })).next;
    await alice.shares(indicator());
    await tocsin.sql('delete from log where seq <= (select max(seq) - 1 from log)');
    expect((await read(bob, { after: early })).body).toMatchObject({
      status: 410,
      code: 'cursor_expired',
    });
    expect((await bob.reads()).objects).toHaveLength(1);
  });
});

it.each([['0'], ['-1'], ['10001'], ['1000000000'], ['1e9'], ['1.5'], ['many'], ['']])(
  'limit=%s is refused',
  async (limit) => {
    const response = await read(bob, { limit });
    expect(response).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect(response.body.path).toMatch(/limit/);
  },
);

it('a parameter that nobody knows is refused', async () => {
  expect(await read(bob, { since: 'x' })).toMatchObject({
    status: 400,
    body: { code: 'invalid_request' },
  });
});
