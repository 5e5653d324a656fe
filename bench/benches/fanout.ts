import { connect, share } from '../client.ts';
import { watchCpu } from '../cpu.ts';
import { postBare } from '../floors/bare-posts.ts';
import { makeGround, setting } from '../ground.ts';
import { makeBundles } from '../indicators.ts';
import type { Bench } from '../measurement.ts';
import { PAIRS, runPairs } from '../pairs.ts';
import { subscribe } from '../subscribers.ts';

const SUBSCRIBERS = 50;
const BUNDLE = 5000;
const WARM_UP = 2000;

/** From the first byte posted until the last subscriber has the last object, in turn with bare POSTs. */
export const fanout: Bench = {
  name: 'fanout',
  about: `indicators posted in bundles of ${BUNDLE} to ${SUBSCRIBERS} webhook subscribers`,
  objects: 25_000,
  async *run(objects) {
    const ground = await makeGround();
    const { key, identity } = await ground.member('producer');
    const server = await ground.serve();
    const receivers = await subscribe(ground, server.url, { count: SUBSCRIBERS, ids: false });
    const client = connect(server.url, key);
    let posts = 0;
    const post = async (count: number) => {
      const bundles = makeBundles(count, BUNDLE, identity);
      receivers.reset();
      const used = await watchCpu(server.pid);
      const startMs = performance.timeOrigin + performance.now();
      await share(bundles, [client], async (_, { body }) => {
        await client.post('/api/v1/bundles', body);
      });
      await receivers.arrived(count * SUBSCRIBERS);
      const seconds = (receivers.total.atMs - startMs) / 1000;
      posts += receivers.total.posts;
      // A copy: the floor's own posts arrive there, too.
      const sizes = [...receivers.total.sample];
      return { objects: count * SUBSCRIBERS, seconds, cpuSeconds: await used(), sizes };
    };
    await post(WARM_UP);
    const paired = await runPairs(
      () => post(Math.ceil(objects / PAIRS)),
      async (run) => ({
        objects: run.objects,
        seconds: await postBare(receivers.urls, run.sizes),
      }),
    );
    await client.close();
    await server.stop();
    await receivers.stop();
    await ground.clear();
    yield {
      measured: {
        bench: 'fanout',
        ...paired,
        ran: `${PAIRS} pairs, ${objects} objects to ${SUBSCRIBERS} subscribers in ${posts} signed POSTs, receivers in a thread of the bench, ${setting()}; floor: the same bytes POSTed bare by undici`,
      },
      target: { ratio: 0.4 },
    };
  },
};
