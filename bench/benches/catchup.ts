import { connect, type Connection } from '../client.ts';
import { watchCpu } from '../cpu.ts';
import { fillLog } from '../fill.ts';
import { postBare } from '../floors/bare-posts.ts';
import { makeGround, setting } from '../ground.ts';
import { percentile, rate, rounded, type Bench } from '../measurement.ts';
import { asOwner } from '../owner.ts';
import { cpuPerObject } from '../pairs.ts';
import { startReceivers, type Receivers } from '../receivers.ts';
import { watchMemory } from '../server.ts';
import { makePosts, postSteadily } from '../steady-posts.ts';
import { makeSubscribers, subscribe } from '../subscribers.ts';

const LOAD = { postsPerSecond: 10, objectsPerPost: 1, subscribers: 20 };
const QUIET_POSTS = 200;
const ROUND_POSTS = 20;

/** One subscriber reads the whole log while others receive what is new. */
export const catchup: Bench = {
  name: 'catchup',
  about: 'a subscriber that starts at the beginning of a long log, beside others',
  objects: 1_000_000,
  async *run(objects) {
    const ground = await makeGround();
    const { key, identity } = await ground.member('producer');
    const members = await makeSubscribers(ground, LOAD.subscribers);
    const { key: lateKey } = await ground.member('late');
    await asOwner(ground.databaseUrl, (client) => fillLog(client, 'producer', objects));
    const server = await ground.serve();
    const others = await subscribe(ground, server.url, {
      count: LOAD.subscribers,
      members,
      ids: true,
    });
    const client = connect(server.url, key);
    const post = (count: number) =>
      postSteadily([client], others, makePosts(count, LOAD.objectsPerPost, identity), LOAD);
    await post(ROUND_POSTS);
    const quiet = await post(QUIET_POSTS);
    const late = await startReceivers({ count: 1, ids: false });
    const memory = await watchMemory(server.pid);
    const used = await watchCpu(server.pid);
    const [seconds, timesMs] = await meanwhile(
      catchUp(connect(server.url, lateKey), late, objects),
      async () => (await post(ROUND_POSTS)).timesMs,
    );
    const cpuSeconds = await used();
    const memoryGrowthMb = await memory.stop();
    const sizes = [...late.total.sample];
    const floorSeconds = await postBare(late.urls, sizes);
    await client.close();
    await server.stop();
    await Promise.all([others.stop(), late.stop()]);
    await ground.clear();
    const p99Ms = percentile(timesMs, 0.99);
    yield {
      measured: {
        bench: 'catchup',
        ...rate(objects, seconds),
        floorPerSecond: rounded(objects / floorSeconds),
        ratio: rounded(floorSeconds / seconds, 2),
        p50Ms: percentile(timesMs, 0.5),
        p99Ms,
        othersP99Ratio: rounded(p99Ms / percentile(quiet.timesMs, 0.99), 2),
        memoryGrowthMb,
        cpuSeconds,
        cpuMsPerObject: cpuPerObject(cpuSeconds, objects),
        ran: `${objects} objects in ${sizes.length} signed POSTs; others: ${LOAD.postsPerSecond} posts/s to ${LOAD.subscribers} subscribers, p50 and p99 theirs, ${setting()}; floor: the same bytes POSTed bare by undici`,
      },
      target: { ratio: 0.4, othersP99Ratio: 1.2 },
    };
  },
};

/** Subscribes from the beginning. Returns how many seconds it took until so much had come. */
async function catchUp(client: Connection, late: Receivers, objects: number): Promise<number> {
  const startMs = performance.timeOrigin + performance.now();
  const [url] = late.urls;
  await client.post('/api/v1/subscriptions', JSON.stringify({ url, start: 'beginning' }));
  await client.close();
  await late.arrived(objects);
  return (late.total.atMs - startMs) / 1000;
}

/** Repeats `round`, at least once, until `work` is done; returns what both gave. */
async function meanwhile<T>(
  work: Promise<T>,
  round: () => Promise<number[]>,
): Promise<[T, number[]]> {
  let isDone = false;
  const watch = async (): Promise<T> => {
    const value = await work;
    isDone = true;
    return value;
  };
  const repeat = async (): Promise<number[]> => {
    const all: number[] = [];
    do all.push(...(await round()));
    while (!isDone);
    return all;
  };
  return Promise.all([watch(), repeat()]);
}
