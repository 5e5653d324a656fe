import { afterAll, beforeAll, expect, it } from 'vitest';
import { readRange } from '../../src/log/reader.ts';
import { memberOfOrganisation } from '../../src/access/authenticate.ts';
import { readerOf, type Reader } from '../../src/sharing/viewer.ts';
import { findLogBounds } from '../../src/store/content/log.ts';
import { anActor, slug, type Actor } from '../support/actors.ts';
import { indicator, newer, type PostedObject } from '../support/builders.ts';
import { subscribes } from '../support/subscribe.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';
import { receiveWebhooks, type Webhooks } from '../support/webhooks.ts';

let tocsin: Tocsin;
let webhooks: Webhooks;
let sharer: Actor;
let reader: Actor;

beforeAll(async () => {
  tocsin = await startTocsin({ roles: ['http', 'worker'] });
  webhooks = await receiveWebhooks();
  const communities = [slug()];
  sharer = await anActor(tocsin, { communities });
  reader = await anActor(tocsin, { communities });
});
afterAll(async () => {
  await tocsin.close();
  await webhooks.close();
});

const large = (characters: number): PostedObject =>
  indicator({ description: 'é'.repeat(characters) });
const idsOf = (objects: readonly PostedObject[]) => objects.map(({ id }) => id);

async function readingAs(actor: Actor): Promise<Reader> {
  return readerOf((await memberOfOrganisation(tocsin.db, actor.slug, 'test')).viewer);
}

it('ends a page with the row by which it comes to its bytes, and passes over nothing', async () => {
  const { head: start } = await findLogBounds(tocsin.db);
  const objects = Array.from({ length: 7 }, () => large(1000));
  const [first, , third] = objects;
  if (first === undefined || third === undefined) throw new Error();
  for (const object of objects) await sharer.shares(object);
  // Withdrawals hold nothing, and stand between what does.
  await sharer.shares(newer(third), { audience: sharer.slug });
  await sharer.shares(newer(first));
  const { head } = await findLogBounds(tocsin.db);
  const them = await readingAs(reader);
  const whole = await readRange(tocsin.db, them, { after: start, limit: 100 }, head);
  const bytes = Buffer.byteLength(whole.rows[0]?.content ?? '');
  for (const bytesMax of [1, bytes, bytes + 1, 3 * bytes, 100 * bytes]) {
    for (const limit of [1, 3, 100]) {
      const rows: number[] = [];
      let page = { next: start, more: true };
      while (page.more) {
        const part = await readRange(tocsin.db, them, { after: page.next, limit, bytesMax }, head);
        const held = part.rows.slice(0, -1).reduce((sum, { content }) => {
          return sum + Buffer.byteLength(content ?? '');
        }, 0);
        expect(held).toBeLessThan(bytesMax);
        rows.push(...part.rows.map(({ seq }) => seq));
        page = part;
      }
      expect(rows).toEqual(whole.rows.map(({ seq }) => seq));
    }
  }
});

it('holds a page of changes and a webhook to their bytes', async () => {
  const { next: start } = await reader.reads({ limit: 10_000 });
  const subscription = await subscribes(reader, webhooks);
  const objects = Array.from({ length: 12 }, () => large(450_000));
  await sharer.shares(objects.slice(0, 6));
  await sharer.shares(objects.slice(6));
  const expected = idsOf(objects).toSorted();

  const came: string[] = [];
  for (let page = { next: start, more: true }; page.more;) {
    const found = await reader.reads({ after: page.next, limit: 10_000 });
    expect(Buffer.byteLength(JSON.stringify(found.objects))).toBeLessThan(9_500_000);
    came.push(...idsOf(found.objects));
    page = found;
  }
  expect(came.toSorted()).toEqual(expected);

  const deliveries = await webhooks.until(
    subscription.path,
    (seen) => seen.flatMap((one) => one.objects).length >= 12,
  );
  expect(idsOf(deliveries.flatMap((one) => one.objects)).toSorted()).toEqual(expected);
  for (const { text } of deliveries) expect(Buffer.byteLength(text)).toBeLessThan(5_300_000);
});

it.each([
  ['', '?version=all', 'objects'],
  ['/history', '', 'versions'],
])(
  'holds the versions of an object to their bytes: GET /objects/{id}%s',
  async (path, query, name) => {
    const object = large(450_000);
    for (let i = 0; i < 20; i++) await sharer.shares(newer(object, i));
    const { body } = await reader.sends('get', `/objects/${object.id}${path}${query}`);
    const versions = (body as Record<string, unknown[]>)[name];
    expect(versions?.length).toBeGreaterThan(10);
    expect(versions?.length).toBeLessThan(20);
    const [newest] = versions ?? [];
    expect(JSON.stringify(newest)).toContain(newer(object, 19)['modified']);
  },
);
