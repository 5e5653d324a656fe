import { afterAll, beforeAll, expect, it } from 'vitest';
import { anActor, slug, type Actor } from '../support/actors.ts';
import { indicator, marked, newer } from '../support/builders.ts';
import { follow, type StreamEvent } from '../support/follow.ts';
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

const idsOf = (events: readonly StreamEvent[]) =>
  events.flatMap(({ event, data }) => (event === 'object' ? (data as { id: string }).id : []));

const isObject = (id: string) => (event: StreamEvent) => idsOf([event])[0] === id;

it('begins now, and tells what is shared as it is shared, whole', async () => {
  await alice.shares(indicator());
  const stream = await follow(tocsin, bob);
  expect(await stream.next()).toMatchObject({ event: 'place' });
  const object = indicator();
  await alice.shares(object);
  expect(await stream.next()).toEqual({
    event: 'object',
    id: expect.any(String),
    data: marked('amber', object),
    context: expect.objectContaining({ tlp: 'amber', sharers: [alice.slug] }),
  });
  await stream.close();
});

it('tells withdrawals', async () => {
  const object = indicator();
  await alice.shares(object);
  const stream = await follow(tocsin, bob);
  await alice.shares(newer(object), { audience: alice.slug });
  const events = await stream.until(({ event }) => event === 'withdrawn');
  expect(events.at(-1)?.data).toBe(object.id);
  await stream.close();
});

it('continues after Last-Event-ID without a gap and without a repeat, wherever it was cut', async () => {
  const { next } = await bob.reads({ limit: 10_000 });
  const some = (length: number) => Array.from({ length }, () => indicator());
  const objects = [...some(700), ...some(500)];
  const ids = objects.map(({ id }) => id);
  await alice.shares(objects.slice(0, 700));
  const seen: string[] = [];
  let lastEventId = next;
  for (const stopAfter of [1, 350, 600, 700]) {
    const stream = await follow(tocsin, bob, { lastEventId });
    const events = await stream.until(isObject(ids[stopAfter - 1] ?? ''));
    await stream.close();
    seen.push(...idsOf(events));
    lastEventId = events.at(-1)?.id ?? '';
  }
  const stream = await follow(tocsin, bob, { lastEventId });
  await alice.shares(objects.slice(700));
  seen.push(...idsOf(await stream.until(isObject(ids.at(-1) ?? ''))));
  await stream.close();
  expect(seen).toEqual(ids);
});

it('prefers Last-Event-ID, which a browser sends again, to the address it was opened with', async () => {
  const { next } = await bob.reads({ limit: 10_000 });
  const [first, second] = [indicator(), indicator()];
  await alice.shares([first]);
  const { next: behindFirst } = await bob.reads({ after: next });
  await alice.shares([second]);
  const stream = await follow(tocsin, bob, { after: next, lastEventId: behindFirst });
  expect(idsOf(await stream.until(isObject(second.id)))).toEqual([second.id]);
  await stream.close();
});

it('ends when its key is revoked, and says why', async () => {
  const carol = await anActor(tocsin);
  const stream = await follow(tocsin, carol);
  await stream.next();
  const [, id] = carol.key.split('_');
  await tocsin.sql('update api_key set revoked_at = now() where id = $1', [id]);
  const events = await stream.until(({ event }) => event === 'problem');
  expect(events.at(-1)?.data).toMatchObject({ code: 'key_revoked' });
  expect(await stream.next()).toBeUndefined();
});

it('what a member joins or leaves applies to an open stream', async () => {
  const communities = [slug()];
  const dora = await anActor(tocsin, { communities });
  const stream = await follow(tocsin, bob);
  await stream.next();
  const before = indicator();
  await dora.shares(before);
  await tocsin.sql(
    `insert into agreement (organisation_id, community_id, title, tlp_ceiling)
     select o.id, a.id, 'later', 3 from organisation o, audience a where o.slug = $1 and a.slug = $2`,
    [bob.slug, communities[0]],
  );
  // As the verbs do that change a membership.
  await tocsin.sql('select note_standing()');
  const seen = indicator();
  await dora.shares(seen);
  // What the community has already comes too, in its own time; twice, where the stream had not
  // gone past its first place yet.
  const awaited = new Set([before.id, seen.id]);
  await stream.until((event) => {
    for (const id of idsOf([event])) {
      expect([before.id, seen.id]).toContain(id);
      awaited.delete(id);
    }
    return awaited.size === 0;
  });
  await stream.close();
});

it('refuses a cursor that is none, or of another organisation, before it begins', async () => {
  const { next } = await alice.reads();
  for (const cursor of ['nonsense', next]) {
    for (const response of [
      await bob.sends('get', '/stream').query({ after: cursor }),
      await bob.sends('get', '/stream').set('last-event-id', cursor),
    ]) {
      expect(response).toMatchObject({ status: 400, body: { code: 'cursor_invalid' } });
    }
  }
});

it('does not hold up the stop of its server', async () => {
  const server = await tocsin.another(['http']);
  const response = await fetch(`${server.url}/api/v1/stream`, {
    headers: { 'x-api-key': bob.key },
  });
  await server.close();
  // The stop ended the stream: one still open at the stop's deadline is cut, and reading it fails.
  await response.text();
});
