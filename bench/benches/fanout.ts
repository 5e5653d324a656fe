import { connect, share } from '../client.ts';
import { watchCpu } from '../cpu.ts';
import { postBare } from '../floors/bare-posts.ts';
import { makeGround, setting } from '../ground.ts';
import { makeBundles } from '../indicators.ts';
import { rate, rounded, type Bench } from '../measurement.ts';
import { subscribe } from '../subscribers.ts';

const SUBSCRIBERS = 50;
const BUNDLE = 5000;
const WARM_UP = 2000;

/** From the first byte posted until the last subscriber has the last object. */
export const fanout: Bench = {
  name: 'fanout',
  about: `indicators posted in bundles of ${BUNDLE} to ${SUBSCRIBERS} webhook subscribers`,
  objects: 20_000,
  async *run(objects) {
    const ground = await makeGround();
    const { key, identity } = await ground.member('producer');
    const server = await ground.serve();
    const receivers = await subscribe(ground, server.url, { count: SUBSCRIBERS, ids: false });
    const client = connect(server.url, key);
    const post = async (count: number): Promise<number> => {
      const bundles = makeBundles(count, BUNDLE, identity);
      receivers.reset();
      const startMs = performance.timeOrigin + performance.now();
      await share(bundles, [client], async (_, { body }) => {
        await client.post('/api/v1/bundles', body);
      });
      await receivers.arrived(count * SUBSCRIBERS);
      return (receivers.total.atMs - startMs) / 1000;
    };
    await post(WARM_UP);
    const used = await watchCpu(server.pid);
    const seconds = await post(objects);
    const cpuSeconds = await used();
    const { posts, sample } = receivers.total;
    // The floor's own posts arrive there too.
    const sizes = [...sample];
    await client.close();
    await server.stop();
    const deliveries = objects * SUBSCRIBERS;
    const floorSeconds = await postBare(receivers.urls, sizes);
    await receivers.stop();
    await ground.clear();
    const measured = rate(deliveries, seconds);
    const floorPerSecond = rounded(deliveries / floorSeconds);
    yield {
      measured: {
        bench: 'fanout',
        ...measured,
        floorPerSecond,
        ratio: rounded(measured.perSecond / floorPerSecond, 2),
        cpuSeconds,
        ran: `${objects} objects to ${SUBSCRIBERS} subscribers in ${posts} signed POSTs, receivers in a thread of the bench, ${setting()}; floor: the same bytes POSTed bare by undici`,
      },
      target: { perSecond: 60_000, ratio: 0.15 },
    };
  },
};
