import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Actor, anActor, slug } from '../support/actors.ts';
import { indicator, newer, type PostedObject } from '../support/builders.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let admin: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  admin = await anActor(tocsin, { role: 'admin' });
});
afterAll(() => tocsin.close());

/** Does `work` while no changes of membership are sent. */
async function beforeItIsTold(work: () => Promise<void>): Promise<void> {
  const [kept] = await tocsin.sql<{ text: string }>(
    `select pg_get_functiondef('spread_announcement'::regproc) as text`,
  );
  if (kept === undefined) throw new Error('Nothing tells');
  await tocsin.sql(
    kept.text.replace(/(?<=\$function\$).*(?=\$function\$)/s, 'begin return 0; end'),
  );
  try {
    await work();
  } finally {
    await tocsin.sql(kept.text);
  }
}

it.each<[string, (sharer: Actor, object: PostedObject) => Promise<unknown>]>([
  ['is replaced', (sharer, object) => sharer.shares(newer(object))],
  ['goes to others', (sharer, object) => sharer.shares(newer(object), { audience: sharer.slug })],
  [
    'is readdressed',
    async (sharer, { id }) =>
      sharer
        .sends('patch', `/objects/${id}`)
        .send({ audience: [sharer.slug] })
        .expect(204),
  ],
  [
    'is purged',
    async (_, { id }) =>
      admin.sends('post', `/objects/${id}/purge`).send({ reason: 'A slip' }).expect(200),
  ],
])(
  'an organisation that left receives a withdrawal of an object that %s before it received one',
  async (_, change) => {
    const communities = [slug()];
    const sharer = await anActor(tocsin, { communities });
    const leaver = await anActor(tocsin, { communities });
    const [object, other] = [indicator(), indicator()];
    await sharer.shares([object, other]);
    const { next } = await leaver.reads();
    await beforeItIsTold(async () => {
      await admin
        .sends('patch', `/organisations/${leaver.slug}`)
        .send({ status: 'suspended' })
        .expect(200);
      await change(sharer, object);
      await tocsin.sequenced();
    });
    const { objects, withdrawn } = await leaver.reads({ after: next, limit: 1000 });
    expect(objects).toEqual([]);
    expect(withdrawn.toSorted()).toEqual([object.id, other.id].toSorted());
  },
);
