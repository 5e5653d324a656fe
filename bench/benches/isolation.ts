import { startBrokenReceivers, type BrokenReceivers } from '../broken-receivers.ts';
import { connect } from '../client.ts';
import { watchCpu } from '../cpu.ts';
import { makeGround, setting, type Ground } from '../ground.ts';
import { percentile, rate, rounded, type Bench } from '../measurement.ts';
import { watchMemory } from '../server.ts';
import { makePosts, postSteadily } from '../steady-posts.ts';
import { makeSubscribers, subscribe } from '../subscribers.ts';

const HEALTHY = 150;
const BROKEN = 50;
const ORGANISATIONS = 40;
const LOAD = { postsPerSecond: 2, objectsPerPost: 1, subscribers: HEALTHY };
const WARM_UP = 10;

/** The same load twice: all endpoints answer, then a quarter of them breaks. --objects is the posts of each. */
export const isolation: Bench = {
  name: 'isolation',
  about: `${BROKEN} of ${HEALTHY + BROKEN} endpoints dead, dripping or stalling`,
  objects: 60,
  async *run(posts) {
    const ground = await makeGround();
    const { key, identity } = await ground.member('producer');
    const server = await ground.serve();
    const healthy = await subscribe(ground, server.url, {
      count: HEALTHY,
      members: await makeSubscribers(ground, ORGANISATIONS),
      ids: true,
    });
    const broken = await startBrokenReceivers(BROKEN);
    await subscribeBroken(ground, server.url, broken);
    const client = connect(server.url, key);
    const post = (count: number) =>
      postSteadily([client], healthy, makePosts(count, LOAD.objectsPerPost, identity), LOAD);
    await post(WARM_UP);
    const before = await post(posts);
    const memory = await watchMemory(server.pid);
    const used = await watchCpu(server.pid);
    broken.breakDown();
    const { timesMs, seconds } = await post(posts);
    const cpuSeconds = await used();
    const memoryGrowthMb = await memory.stop();
    await client.close();
    await server.stop();
    await Promise.all([healthy.stop(), broken.stop()]);
    await ground.clear();
    const p99Ms = percentile(timesMs, 0.99);
    yield {
      measured: {
        bench: 'isolation',
        ...rate(posts * HEALTHY, seconds),
        subscribers: HEALTHY + BROKEN,
        p50Ms: percentile(timesMs, 0.5),
        p99Ms,
        othersP99Ratio: rounded(p99Ms / percentile(before.timesMs, 0.99), 2),
        memoryGrowthMb,
        cpuSeconds,
        ran: `${LOAD.postsPerSecond} posts/s to ${HEALTHY} endpoints that answer and ${BROKEN} that broke down (${broken.hits()} requests since), of ${ORGANISATIONS} organisations and one, ${setting()}`,
      },
      target: { othersP99Ratio: 1.1, memoryGrowthMb: 100 },
    };
  },
};

async function subscribeBroken(
  ground: Ground,
  serverUrl: string,
  { urls }: BrokenReceivers,
): Promise<void> {
  const { key } = await ground.member('broken');
  const client = connect(serverUrl, key);
  for (const url of urls) await client.post('/api/v1/subscriptions', JSON.stringify({ url }));
  await client.close();
}
