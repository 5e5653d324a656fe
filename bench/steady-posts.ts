/** A load that does not wait for the server: what members post does not slow down because others wait. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from './client.ts';
import { indicatorJson, makeBundles } from './indicators.ts';
import type { Receivers } from './receivers.ts';

const ID = /"id":"(indicator--[0-9a-f-]{36})"/g;

export interface SteadyLoad {
  readonly postsPerSecond: number;
  readonly objectsPerPost: number;
  /** How many receive each object. */
  readonly subscribers: number;
}

/** One request, and the ids of what it posts. */
export interface Post {
  readonly path: string;
  readonly body: Buffer | string;
  readonly ids: readonly string[];
}

/** Posts of so many new indicators each. */
export function makePosts(count: number, objectsPerPost: number, identity: string): Post[] {
  const [path, bodies] =
    objectsPerPost > 1
      ? ['/api/v1/bundles', makeBundles(count * objectsPerPost, objectsPerPost, identity)]
      : [
          '/api/v1/indicators',
          Array.from({ length: count }, (_, i) => ({ body: indicatorJson(i, identity) })),
        ];
  return bodies.map(({ body }) => ({
    path,
    body,
    ids: [...body.toString().matchAll(ID)].map(([, id = '']) => id),
  }));
}

/**
 * Posts at a steady rate, whether or not the post before was answered, and waits until each of the
 * subscribers has the last. `timesMs` has the time of each delivery from its post.
 */
export async function postSteadily(
  clients: readonly Connection[],
  receivers: Receivers,
  posts: readonly Post[],
  { postsPerSecond, objectsPerPost, subscribers }: SteadyLoad,
): Promise<{ timesMs: number[]; seconds: number }> {
  receivers.reset();
  const sentMs = new Map<string, number>();
  const answers: Promise<unknown>[] = [];
  const startMs = performance.now();
  for (const [i, { path, body, ids }] of posts.entries()) {
    await delay(Math.max(0, startMs + (i * 1000) / postsPerSecond - performance.now()));
    const nowMs = performance.timeOrigin + performance.now();
    for (const id of ids) sentMs.set(id, nowMs);
    const client = clients[i % clients.length];
    if (client !== undefined) answers.push(client.post(path, body));
  }
  await Promise.all(answers);
  await receivers.arrived(posts.length * objectsPerPost * subscribers);
  const timesMs = receivers.total.seen.map(({ id, atMs }) => atMs - (sentMs.get(id) ?? Number.NaN));
  return { timesMs, seconds: (performance.now() - startMs) / 1000 };
}
