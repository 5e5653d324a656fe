import { setTimeout as delay } from 'node:timers/promises';
import { connect, type Connection } from '../client.ts';
import { watchCpu } from '../cpu.ts';
import { makeGround, setting } from '../ground.ts';
import { indicatorJson } from '../indicators.ts';
import { percentile, rate, type Bench, type Target } from '../measurement.ts';
import type { Receivers } from '../receivers.ts';
import { subscribe } from '../subscribers.ts';

const SUBSCRIBERS = 20;
const WARM_UP = 100;
const RATES: readonly { readonly perSecond: number; readonly target: Target }[] = [
  { perSecond: 10, target: { p50Ms: 50, p99Ms: 250 } },
  { perSecond: 50, target: {} },
];
const ID = /indicator--[0-9a-f-]{36}/;

/** From sending a post until a subscriber has its webhook; --objects is posts at each rate. */
export const latency: Bench = {
  name: 'latency',
  about: `from a post until each of ${SUBSCRIBERS} subscribers has it, at two rates`,
  objects: 250,
  async *run(objects) {
    const ground = await makeGround();
    const { key, identity } = await ground.member('producer');
    const server = await ground.serve();
    const receivers = await subscribe(ground, server.url, { count: SUBSCRIBERS, ids: true });
    const client = connect(server.url, key);
    const bodies = (count: number) =>
      Array.from({ length: count }, (_, i) => indicatorJson(i, identity));
    await postSteadily(client, receivers, bodies(WARM_UP), 50);
    for (const { perSecond, target } of RATES) {
      const used = await watchCpu(server.pid);
      const { timesMs, seconds } = await postSteadily(
        client,
        receivers,
        bodies(objects),
        perSecond,
      );
      yield {
        measured: {
          bench: 'latency',
          ...rate(objects * SUBSCRIBERS, seconds),
          p50Ms: percentile(timesMs, 0.5),
          p99Ms: percentile(timesMs, 0.99),
          cpuSeconds: await used(),
          ran: `${perSecond} posts/s to ${SUBSCRIBERS} subscribers, receivers in a thread of the bench, ${setting()}`,
        },
        target,
      };
    }
    await client.close();
    await server.stop();
    await receivers.stop();
    await ground.clear();
  },
};

/** Posts at a steady rate, whether or not the post before was answered, and waits for the last. */
async function postSteadily(
  client: Connection,
  receivers: Receivers,
  bodies: readonly string[],
  perSecond: number,
): Promise<{ timesMs: number[]; seconds: number }> {
  receivers.reset();
  const sentMs = new Map<string, number>();
  const posts: Promise<unknown>[] = [];
  const startMs = performance.now();
  for (const [i, body] of bodies.entries()) {
    await delay(Math.max(0, startMs + (i * 1000) / perSecond - performance.now()));
    sentMs.set(ID.exec(body)?.[0] ?? '', performance.timeOrigin + performance.now());
    posts.push(client.post('/api/v1/indicators', body));
  }
  await Promise.all(posts);
  await receivers.arrived(bodies.length * SUBSCRIBERS);
  const timesMs = receivers.total.seen.map(({ id, atMs }) => atMs - (sentMs.get(id) ?? Number.NaN));
  return { timesMs, seconds: (performance.now() - startMs) / 1000 };
}
