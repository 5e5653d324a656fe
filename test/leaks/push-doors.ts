/** The doors that come to the viewer: the stream, and signed webhooks. */
import { follow } from '../support/follow.ts';
import { Actor } from '../support/actors.ts';
import type { PostedObject } from '../support/builders.ts';
import type { Door, Visit } from './door.ts';
import { Follower } from './follower.ts';
import type { Viewer } from './founding.ts';
import type { Hearing } from './judge.ts';
import { ask, must, type World } from './world.ts';

async function hearPushed(visit: Visit, hearing: Hearing, follower: Follower): Promise<void> {
  await follower.settle(visit);
  follower.hear(visit, hearing, true);
}

const stream: Door = {
  name: 'stream',
  routes: ['GET /api/v1/stream'],
  discloses: ['stream'],
  read: (visit, hearing) => hearPushed(visit, hearing, visit.followers.stream),
};

const webhook: Door = {
  name: 'webhook',
  routes: [],
  discloses: ['webhook'],
  async read(visit, hearing) {
    // A subscription belongs to the organisation, not to its creator.
    if (!visit.who.person) await hearPushed(visit, hearing, visit.followers.webhook);
  },
};

export const PUSH_DOORS = [stream, webhook];

export interface Pushed {
  readonly stream: Follower;
  readonly webhook: Follower;
  /** Its id; people have none of their own. */
  readonly subscription: string | undefined;
  close(): Promise<void>;
}

/** Opens a stream and makes a subscription, which tell their followers for as long as it lasts. */
export async function openPushes(world: World, who: Viewer): Promise<Pushed> {
  const webhookFollower = new Follower(world);
  const hook = who.person ? undefined : await subscribe(world, who, webhookFollower);
  const streamFollower = new Follower(world);
  const closeStream = await openStream(world, who, streamFollower);
  return {
    stream: streamFollower,
    webhook: webhookFollower,
    subscription: hook?.id,
    close: async () => {
      hook?.unheard();
      await closeStream();
    },
  };
}

async function subscribe(
  world: World,
  who: Viewer,
  follower: Follower,
): Promise<{ id: string; unheard: () => void }> {
  const path = `/${world.slugOf(who.organisation)}`;
  const body = { url: world.webhooks.url + path };
  const key = world.credential(who, 'org_admin');
  const { text } = await must(ask(world, { key, method: 'POST', path: '/subscriptions', body }));
  const unheard = world.webhooks.hears(path, ({ objects, contexts, withdrawn }) => {
    for (const [i, object] of objects.entries()) {
      follower.put(JSON.stringify(object), { object, context: contexts[i] });
    }
    for (const id of withdrawn) follower.withdraw(id);
  });
  return { id: (JSON.parse(text) as { id: string }).id, unheard };
}

async function openStream(
  world: World,
  who: Viewer,
  follower: Follower,
): Promise<() => Promise<void>> {
  const [slug, key] = [world.slugOf(who.organisation), world.credential(who, 'analyst')];
  const actor = new Actor(world.tocsin, { slug, identity: '', key });
  const following = await follow(world.tocsin, actor);
  // Its first word is where it begins.
  await following.next();
  const listen = async (): Promise<void> => {
    for (;;) {
      const event = await following.next();
      if (event === undefined) return;
      const text = JSON.stringify(event.data);
      const given = { object: event.data as PostedObject, context: event.context };
      if (event.event === 'object') follower.put(text, given);
      if (event.event === 'withdrawn') follower.withdraw(text);
    }
  };
  const ended = listen().catch(() => undefined);
  return async () => {
    await following.close();
    await ended;
  };
}
