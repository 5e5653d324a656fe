import { afterAll, beforeAll, expect, it } from 'vitest';
import request from 'supertest';
import { noteDisclosures } from '../../src/audit/disclosures.ts';
import { sealCursor } from '../../src/log/cursor.ts';
import { anActor, slug, type Actor } from '../support/actors.ts';
import { indicator } from '../support/builders.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';
import { receiveWebhooks, type Webhooks } from '../support/webhooks.ts';

let tocsin: Tocsin;
let webhooks: Webhooks;
let alice: Actor;
let bob: Actor;
beforeAll(async () => {
  tocsin = await startTocsin();
  webhooks = await receiveWebhooks();
  const communities = [slug()];
  alice = await anActor(tocsin, { communities });
  bob = await anActor(tocsin, { communities });
});
afterAll(() => Promise.all([tocsin.close(), webhooks.close()]));

it('tells of every door how much it gave, to whom, and how far', async () => {
  const server = await tocsin.another(['http', 'worker']);
  const wish = { url: `${webhooks.url}/bob`, start: 'beginning' };
  const made = await bob.sends('post', '/subscriptions').send(wish);
  expect(made.status).toBe(201);
  const { id } = made.body as { id: string };
  const objects = [indicator(), indicator(), indicator()];
  await alice.shares(objects);
  const count = (deliveries: { objects: unknown[] }[]) =>
    deliveries.flatMap((delivery) => delivery.objects).length;
  await webhooks.until('/bob', (deliveries) => count(deliveries) === 3);
  const get = (path: string) =>
    request(server.url).get(`/api/v1${path}`).set('authorization', `Bearer ${bob.key}`);
  const one = `/objects/${objects[0]?.id}`;
  for (const path of ['/changes', one, one, `${one}/history`, '/objects/indicator--none']) {
    await get(path);
  }
  const response = await fetch(`${server.url}/api/v1/stream?after=${await beginning()}`, {
    headers: { authorization: `Bearer ${bob.key}` },
  });
  await response.body?.getReader().read();
  await server.close();
  await noteDisclosures(tocsin.db, tocsin.keyring, 0);
  const key = `key ${bob.key.split('_')[1]}`;
  const rows = await tocsin.sql(
    `select d.reader, d.door, d.objects::integer as objects, d.place::integer as place,
       (select sum((a.detail ->> 'objects')::bigint)::integer from audit a
        where a.action = 'objects.disclose' and a.actor = d.reader
          and a.detail ->> 'door' = d.door) as told
     from disclosure d join organisation o on o.id = d.organisation_id
     where o.slug = $1 order by d.door`,
    [bob.slug],
  );
  const [{ head } = { head: 0 }] = await tocsin.sql<{ head: number }>(
    'select max(seq)::integer as head from log',
  );
  expect(rows).toEqual([
    { reader: key, door: 'changes', objects: 3, place: head, told: 3 },
    { reader: key, door: 'history', objects: 1, place: 0, told: 1 },
    { reader: key, door: 'objects', objects: 2, place: 0, told: 2 },
    { reader: key, door: 'stream', objects: 3, place: head, told: 3 },
    { reader: `subscription ${id}`, door: 'webhook', objects: 3, place: head, told: 3 },
  ]);
});

/** A cursor before everything. */
async function beginning(): Promise<string> {
  const [{ id } = { id: 0 }] = await tocsin.sql<{ id: number }>(
    'select id from organisation where slug = $1',
    [bob.slug],
  );
  return sealCursor(tocsin.keyring, { organisationId: id, realmId: 1 }, 0);
}
