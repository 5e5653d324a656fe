/** The doors that come to the viewer: the stream, and signed webhooks. */
import { follow } from '../support/follow.ts';
import { Actor } from '../support/actors.ts';
import type { Door, Visit } from './door.ts';
import { Follower } from './follower.ts';
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
  read: (visit, hearing) => hearPushed(visit, hearing, visit.followers.webhook),
};

export const PUSH_DOORS = [stream, webhook];

export interface Pushed {
  readonly stream: Follower;
  readonly webhook: Follower;
  readonly subscription: string;
  close(): Promise<void>;
}

/** Opens a stream and makes a subscription, which tell their followers for as long as it lasts. */
export async function openPushes(world: World, viewer: string): Promise<Pushed> {
  const path = `/${world.slugOf(viewer)}`;
  const wish = { url: world.webhooks.url + path };
  const made = { key: world.key(viewer, 'org_admin'), method: 'POST', body: wish } as const;
  const { text } = await must(ask(world, { ...made, path: '/subscriptions' }));
  const webhookFollower = new Follower(world);
  const unheard = world.webhooks.hears(path, ({ objects, withdrawn }) => {
    for (const object of objects) webhookFollower.put(JSON.stringify(object));
    for (const id of withdrawn) webhookFollower.withdraw(id);
  });
  const streamFollower = new Follower(world);
  const closeStream = await openStream(world, viewer, streamFollower);
  return {
    stream: streamFollower,
    webhook: webhookFollower,
    subscription: (JSON.parse(text) as { id: string }).id,
    close: async () => {
      unheard();
      await closeStream();
    },
  };
}

async function openStream(
  world: World,
  viewer: string,
  follower: Follower,
): Promise<() => Promise<void>> {
  const key = world.key(viewer, 'analyst');
  const actor = new Actor(world.tocsin, { slug: world.slugOf(viewer), identity: '', key });
  const following = await follow(world.tocsin, actor);
  // Its first word is where it begins.
  await following.next();
  const listen = async (): Promise<void> => {
    for (;;) {
      const event = await following.next();
      if (event === undefined) return;
      const text = JSON.stringify(event.data);
      if (event.event === 'object') follower.put(text);
      if (event.event === 'withdrawn') follower.withdraw(text);
    }
  };
  const ended = listen().catch(() => undefined);
  return async () => {
    await following.close();
    await ended;
  };
}
