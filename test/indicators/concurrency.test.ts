import { createConnection } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { anActor, outcomes, slug, type Actor } from '../support/actors.ts';
import { address, bundle, indicator, newer, type PostedObject } from '../support/builders.ts';
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

const times = <T>(count: number, work: (i: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, i) => work(i)));

/** The versions that bob was given, oldest first. */
async function given(id: string): Promise<PostedObject[]> {
  const { objects } = await bob.reads({ limit: 10_000, as_posted: true });
  return objects.filter((object) => object.id === id);
}

it('the same object from several writers at once is created once, unchanged for the others', async () => {
  const object = indicator();
  const responses = await times(8, () => alice.posts(object));
  expect(responses.flatMap(outcomes).toSorted()).toEqual([
    'created',
    ...Array(7).fill('unchanged'),
  ]);
  expect(await given(object.id)).toEqual([object]);
});

it('other contents under one modified: one is stored, the others get a conflict', async () => {
  const object = indicator();
  const responses = await times(8, (i) => alice.posts({ ...object, name: `Name ${i}` }));
  expect(responses.flatMap(outcomes).toSorted()).toEqual([
    'created',
    ...Array(7).fill('version_conflict'),
  ]);
  expect(await given(object.id)).toHaveLength(1);
});

it('several versions at once: the newest is current, and none that was taken is lost', async () => {
  const object = indicator();
  const responses = await times(8, (i) => alice.posts(newer(object, i)));
  const said = responses.flatMap(outcomes);
  const taken = said.filter((outcome) => outcome !== 'stale');
  expect(taken.filter((outcome) => outcome === 'created')).toHaveLength(1);
  expect(said[7]).not.toBe('stale');
  await tocsin.sequenced();
  expect((await bob.finds(object.id)).body).toEqual(newer(object, 7));
  expect(await given(object.id)).toHaveLength(taken.length);
});

it('an object without versions from several writers at once has one current state', async () => {
  const object = address();
  const responses = await times(6, (i) => alice.posts({ ...object, value: `192.0.2.${i}` }));
  expect(responses.flatMap(outcomes).toSorted()).toEqual(['created', ...Array(5).fill('updated')]);
  const rows = await tocsin.sql(
    'select count(*)::int as n from version where stix_id = $1 and not superseded',
    [object.id],
  );
  expect(rows).toEqual([{ n: 1 }]);
});

it('bundles with the same objects in other orders do not fail one another', async () => {
  const objects = Array.from({ length: 60 }, () => indicator());
  await alice.shares(objects);
  const shuffled = () => objects.toSorted(() => Math.random() - 0.5);
  const responses = await times(8, (i) =>
    alice.posts(shuffled().map((object) => newer(object, 1 + (i % 4)))),
  );
  for (const response of responses) {
    expect(response.status).toBe(200);
    for (const outcome of outcomes(response))
      expect(outcome).toMatch(/^(updated|unchanged|stale)$/);
  }
  const rows = await tocsin.sql(
    `select count(*)::int as n, min(modified) = max(modified) as same from version
      where not superseded and stix_id = any($1)`,
    [objects.map(({ id }) => id)],
  );
  expect(rows).toEqual([{ n: 60, same: true }]);
});

it('widening and narrowing at once leave one audience, and no old version to others', async () => {
  const object = indicator();
  await alice.shares(object);
  await times(6, (i) =>
    alice.posts(newer(object, i + 1), { audience: (i % 2 === 0 ? alice : bob).slug }),
  );
  await tocsin.sequenced();
  const current = await alice.finds(object.id);
  const sees = (await bob.finds(object.id)).status === 200;
  const all = await bob.finds(object.id, { version: 'all' });
  expect(all.status).toBe(sees ? 200 : 404);
  // The sixth was for bob, unless the fifth came after it.
  expect(current.body).toEqual(newer(object, 6));
  expect(sees).toBe(true);
});

it('a retry after a cut connection changes nothing', async () => {
  const objects = Array.from({ length: 300 }, () => indicator());
  const body = JSON.stringify(bundle(objects));
  const { hostname, port } = new URL(tocsin.url);
  const socket = createConnection(Number(port), hostname);
  await once(socket, 'connect');
  socket.write(
    `POST /api/v1/bundles HTTP/1.1\r\nhost: x\r\nx-api-key: ${alice.key}\r\n` +
      `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  // Cut as soon as the answer begins: the sender does not know what came of it.
  await once(socket, 'data');
  socket.destroy();
  const again = await alice.posts(objects);
  expect(new Set(outcomes(again))).toEqual(new Set(['unchanged']));
  const { objects: seen } = await bob.reads({ limit: 10_000 });
  expect(seen.filter(({ id }) => objects.some((object) => object.id === id))).toHaveLength(300);
});

it('a body that is cut half-way stores nothing', async () => {
  const objects = [indicator(), indicator()];
  const body = JSON.stringify(bundle(objects));
  const { hostname, port } = new URL(tocsin.url);
  const socket = createConnection(Number(port), hostname);
  await once(socket, 'connect');
  socket.end(
    `POST /api/v1/bundles HTTP/1.1\r\nhost: x\r\nx-api-key: ${alice.key}\r\n` +
      `content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body.slice(0, -9)}`,
  );
  socket.resume();
  await once(socket, 'close');
  for (const { id } of objects) expect((await alice.finds(id)).status).toBe(404);
});
