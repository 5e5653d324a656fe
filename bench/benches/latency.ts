import { connect } from '../client.ts';
import { watchCpu } from '../cpu.ts';
import { makeGround, setting } from '../ground.ts';
import { percentile, rate, type Bench, type Target } from '../measurement.ts';
import { cpuPerObject } from '../pairs.ts';
import { makePosts, postSteadily } from '../steady-posts.ts';
import { makeSubscribers, subscribe } from '../subscribers.ts';

const WARM_UP = 50;
const CLIENTS = 8;

interface Load {
  readonly postsPerSecond: number;
  readonly objectsPerPost: number;
  /** Each of an organisation of its own, unless there are fewer organisations. */
  readonly subscribers: number;
  readonly organisations: number;
  readonly target: Target;
}

const LOADS: readonly Load[] = [
  load(10, 1, 20, 20, { p50Ms: 50, p99Ms: 250 }),
  load(50, 1, 20, 20, { p50Ms: 60, p99Ms: 250 }),
  load(50, 20, 200, 40, { p50Ms: 300, p99Ms: 1000 }),
];

function load(
  postsPerSecond: number,
  objectsPerPost: number,
  subscribers: number,
  organisations: number,
  target: Target,
): Load {
  return { postsPerSecond, objectsPerPost, subscribers, organisations, target };
}

/** From sending a post until a subscriber has its webhook; --objects is the posts of each load. */
export const latency: Bench = {
  name: 'latency',
  about: `from a post until each subscriber has it, at ${LOADS.length} loads`,
  objects: 500,
  async *run(posts) {
    for (const one of LOADS) yield await measure(one, posts);
  },
};

async function measure(one: Load, posts: number) {
  const { postsPerSecond, objectsPerPost, subscribers, organisations, target } = one;
  const ground = await makeGround();
  const { key, identity } = await ground.member('producer');
  const server = await ground.serve();
  const receivers = await subscribe(ground, server.url, {
    count: subscribers,
    members: await makeSubscribers(ground, organisations),
    ids: true,
  });
  const clients = Array.from({ length: CLIENTS }, () => connect(server.url, key));
  const bodies = (count: number) => makePosts(count, objectsPerPost, identity);
  await postSteadily(clients, receivers, bodies(WARM_UP), one);
  const used = await watchCpu(server.pid);
  const { timesMs, seconds } = await postSteadily(clients, receivers, bodies(posts), one);
  const cpuSeconds = await used();
  await Promise.all(clients.map((client) => client.close()));
  await server.stop();
  await receivers.stop();
  await ground.clear();
  const deliveries = posts * objectsPerPost * subscribers;
  return {
    measured: {
      bench: 'latency',
      postsPerSecond,
      objectsPerPost,
      subscribers,
      ...rate(deliveries, seconds),
      p50Ms: percentile(timesMs, 0.5),
      p99Ms: percentile(timesMs, 0.99),
      cpuSeconds,
      cpuMsPerObject: cpuPerObject(cpuSeconds, deliveries),
      ran: `${postsPerSecond} posts/s of ${objectsPerPost} to ${subscribers} subscribers of ${organisations} organisations, receivers in a thread of the bench, ${setting()}`,
    },
    target,
  };
}
