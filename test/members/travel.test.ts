import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Actor, anActor, slug } from '../support/actors.ts';
import { indicator, marked, newer } from '../support/builders.ts';
import { accepts, admits, createGroup } from '../support/groups.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

/** What an endpoint was sent, in order: `+id` for an object, `-id` for one withdrawn. */
interface Inbox {
  readonly url: string;
  readonly got: string[];
}

let tocsin: Tocsin;
let admin: Actor;
const servers: Server[] = [];

beforeAll(async () => {
  tocsin = await startTocsin({ roles: ['http', 'worker'] });
  admin = await anActor(tocsin, { role: 'admin' });
});
afterAll(async () => {
  await tocsin.close();
  for (const server of servers) server.close();
});

async function anInbox(who: Actor): Promise<Inbox> {
  const got: string[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(parts).toString()) as {
        data: { bundle: { objects?: { id: string }[] }; context: unknown[]; withdrawn: string[] };
      };
      // Behind the objects come the definitions of their levels.
      const objects = body.data.bundle.objects?.slice(0, body.data.context.length) ?? [];
      got.push(...objects.map(({ id }) => `+${id}`));
      got.push(...body.data.withdrawn.map((id) => `-${id}`));
      response.writeHead(204).end();
    });
  });
  servers.push(server);
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  await who
    .sends('post', '/subscriptions')
    .send({ url, start: 'now', as_posted: true })
    .expect(201);
  return { url, got };
}

async function cursorOf(who: Actor): Promise<string> {
  const { next, more } = await who.reads({ limit: 10_000 });
  expect(more).toBe(false);
  return next;
}

async function since(who: Actor, after: string) {
  const { objects, withdrawn } = await who.reads({ after, limit: 10_000 });
  return { objects: objects.map(({ id }) => id).toSorted(), withdrawn: withdrawn.toSorted() };
}

describe('joining and leaving a group', () => {
  it('tells the newcomer what is current, the leaver what is gone, and nobody else', async () => {
    const community = slug();
    const [owner, friend, newcomer] = await Promise.all([
      anActor(tocsin, { communities: [community] }),
      anActor(tocsin, { communities: [community] }),
      anActor(tocsin, { communities: [community] }),
    ]);
    const group = await createGroup(owner, { members: [friend.slug] });
    await accepts(friend, group);
    const [one, two, strict] = [indicator(), indicator(), marked('strict')];
    await owner.shares([one, two, strict], { audience: group });
    const others = [owner, friend];
    const places = await Promise.all([...others, newcomer].map(cursorOf));
    const [ownersPlace = '', friendsPlace = '', place = ''] = places;
    const inbox = await anInbox(newcomer);
    const elsewhere = await anInbox(friend);

    const path = `/sharing-groups/${group}/members`;
    await admits(owner, group, newcomer);
    const ids = [one.id, two.id, strict.id].toSorted();
    expect(await since(newcomer, place)).toEqual({ objects: ids, withdrawn: [] });
    await expect.poll(() => inbox.got.toSorted()).toEqual(ids.map((id) => `+${id}`));

    const joined = await cursorOf(newcomer);
    await newcomer.sends('delete', `${path}/${newcomer.slug}`).expect(204);
    await newcomer.finds(one.id).expect(404);
    const later = indicator();
    await owner.shares(later, { audience: group });
    expect(await since(newcomer, joined)).toEqual({ objects: [], withdrawn: ids });
    await expect.poll(() => inbox.got.slice(3).toSorted()).toEqual(ids.map((id) => `-${id}`));

    await expect.poll(() => elsewhere.got).toEqual([`+${later.id}`]);
    for (const [who, from] of [
      [owner, ownersPlace],
      [friend, friendsPlace],
    ] as const) {
      expect(await since(who, from)).toEqual({ objects: [later.id], withdrawn: [] });
    }
    expect(inbox.got).toHaveLength(6);
  });
});

describe('agreements and standing', () => {
  it('widen, narrow, suspend and give back, each to the one concerned alone', async () => {
    const community = slug();
    const [sharer, reader, witness] = await Promise.all([
      anActor(tocsin, { communities: [community] }),
      anActor(tocsin, { communities: [community], ceiling: 'green' }),
      anActor(tocsin, { communities: [community] }),
    ]);
    const [green, amber] = [marked('green'), marked('amber')];
    await sharer.shares([green, amber]);
    const inbox = await anInbox(reader);
    let place = await cursorOf(reader);
    const quiet = await cursorOf(witness);
    const next = async () => {
      const told = await since(reader, place);
      place = (await reader.reads({ after: place, limit: 10_000 })).next;
      return told;
    };
    const replace = async (ceiling: string) => {
      const { body } = await admin.sends('get', `/agreements?organisation=${reader.slug}`);
      const [{ id } = { id: 0 }] = (body as { agreements: { id: number }[] }).agreements;
      const facts = { organisation: reader.slug, community, title: 'MOU', kind: 'mou' };
      const wish = { ...facts, ceiling, replaces: id };
      await admin.sends('post', '/agreements').send(wish).expect(201);
    };
    const setStatus = (status: string) =>
      admin.sends('patch', `/organisations/${reader.slug}`).send({ status }).expect(200);

    await replace('amber');
    expect(await next()).toEqual({ objects: [amber.id], withdrawn: [] });
    await replace('green');
    expect(await next()).toEqual({ objects: [], withdrawn: [amber.id] });
    await setStatus('suspended');
    await reader.finds(green.id).expect(403);
    expect(await next()).toEqual({ objects: [], withdrawn: [green.id] });
    await sharer.shares(marked('green', { ...indicator(), name: 'Not for the suspended' }));
    expect(await next()).toEqual({ objects: [], withdrawn: [] });
    await setStatus('active');
    const back = await next();
    expect(back.objects).toContain(green.id);
    expect(back.objects).toHaveLength(2);
    const story = [`+${amber.id}`, `-${amber.id}`, `-${green.id}`];
    // A delivery that begins only now meets what was shared meanwhile by itself, and once more with all that is given back.
    const given = back.objects.map((id) => `+${id}`);
    await expect.poll(() => new Set(inbox.got.slice(3))).toEqual(new Set(given));
    expect(inbox.got.slice(0, 3)).toEqual(story);
    expect((await since(witness, quiet)).objects).toHaveLength(1);
  });

  it('nest: who joins the inner community gets what the outer one has', async () => {
    const [outer, inner] = [slug('outer'), slug('inner')];
    const sharer = await anActor(tocsin, { communities: [outer] });
    const object = indicator();
    await sharer.shares(object, { audience: outer });
    const wish = { slug: inner, name: inner, within: [outer] };
    await admin.sends('post', '/communities').send(wish).expect(201);
    const reader = await anActor(tocsin, { communities: [inner] });
    expect(await reader.sees()).toEqual([object.id]);
  });
});

describe('at the same time', () => {
  it('joins and posts lose nothing', async () => {
    const community = slug();
    const owner = await anActor(tocsin, { communities: [community] });
    const group = await createGroup(owner, { open: true });
    const objects = Array.from({ length: 24 }, () => indicator());
    const readers = await Promise.all(
      Array.from({ length: 6 }, () => anActor(tocsin, { communities: [community] })),
    );
    const path = `/sharing-groups/${group}/members`;
    const had = new Map(readers.map((reader) => [reader, new Set<string>()]));
    const places = new Map<Actor, string>();
    const follow = async (reader: Actor): Promise<void> => {
      const after = places.get(reader);
      const page = await reader.reads({ limit: 10_000, ...(after === undefined ? {} : { after }) });
      for (const { id } of page.objects) had.get(reader)?.add(id);
      places.set(reader, page.next);
    };
    await Promise.all([
      ...objects.map((object) => owner.posts(object, { audience: group }).expect(200)),
      ...readers.map(async (reader) => {
        await follow(reader);
        await reader.sends('post', path).send({ organisation: reader.slug }).expect(200);
        for (let turn = 0; turn < 5; turn++) await follow(reader);
      }),
    ]);
    const ids = objects.map(({ id }) => id).toSorted();
    for (const reader of readers) {
      await follow(reader);
      expect([...(had.get(reader) ?? [])].toSorted()).toEqual(ids);
    }
  });
});

describe('the end of an agreement by time', () => {
  it('takes at once what was seen, and tells nothing of what was shared after', async () => {
    const community = slug();
    const [owner, leaver] = [
      await anActor(tocsin, { communities: [community] }),
      await anActor(tocsin, { communities: [] }),
    ];
    const terms = { organisation: leaver.slug, community, title: 'Short', kind: 'mou' };
    const until = { ceiling: 'amber', valid_until: new Date(Date.now() + 1500).toISOString() };
    await admin
      .sends('post', '/agreements')
      .send({ ...terms, ...until })
      .expect(201);
    const inbox = await anInbox(leaver);
    const [seen, renewed, revised] = [indicator(), indicator(), indicator()];
    await owner.shares([seen, renewed, revised]);
    const place = await cursorOf(leaver);
    expect(await leaver.sees()).toEqual([seen.id, renewed.id, revised.id].toSorted());
    await expect
      .poll(async () => (await leaver.sends('get', '/me')).status, { interval: 20 })
      .toBe(403);
    const after = indicator();
    await owner.shares([after, newer(renewed)]);
    const gone = [seen.id, renewed.id, revised.id].toSorted();
    await expect.poll(async () => (await since(leaver, place)).withdrawn).toEqual(gone);
    expect(JSON.stringify(await leaver.reads())).not.toContain(after.id);
    await expect
      .poll(() => inbox.got.filter((id) => id.startsWith('-')).toSorted())
      .toEqual(gone.map((id) => `-${id}`));
    expect(inbox.got.join()).not.toContain(after.id);
    // What a verb deletes is withdrawn, whenever it was shared.
    await admin
      .sends('post', '/agreements')
      .send({ ...terms, ceiling: 'amber' })
      .expect(201);
    const late = indicator();
    await owner.shares(late);
    await expect.poll(() => leaver.sees()).toContain(after.id);
    const next = await cursorOf(leaver);
    const suspend = admin.sends('patch', `/organisations/${leaver.slug}`);
    await suspend.send({ status: 'suspended' }).expect(200);
    await expect
      .poll(async () => (await since(leaver, next)).withdrawn)
      .toEqual([...gone, after.id, late.id].toSorted());
  });

  it('and its beginning give what is current, without a worker', async () => {
    const community = slug();
    const [owner, newcomer] = [
      await anActor(tocsin, { communities: [community] }),
      await anActor(tocsin, { communities: [] }),
    ];
    const object = indicator();
    await owner.shares(object);
    const from = new Date(Date.now() + 700).toISOString();
    const terms = { organisation: newcomer.slug, community, title: 'Later', kind: 'mou' };
    await admin
      .sends('post', '/agreements')
      .send({ ...terms, ceiling: 'amber', valid_from: from })
      .expect(201);
    await newcomer.sends('get', '/me').expect(403);
    await expect
      .poll(async () => (await newcomer.sends('get', '/me')).status, { interval: 20 })
      .toBe(200);
    await expect.poll(() => newcomer.sees()).toEqual([object.id]);
  });
});
