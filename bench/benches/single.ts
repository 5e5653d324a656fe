import { connect, share, type Connection } from '../client.ts';
import { watchCpu } from '../cpu.ts';
import { makeGround, setting } from '../ground.ts';
import { indicatorJson } from '../indicators.ts';
import { percentile, rate, timed, type Bench } from '../measurement.ts';

const CONNECTIONS = 32;
const WARM_UP = 2000;

/** One indicator a request. */
export const single: Bench = {
  name: 'single',
  about: `one indicator a request, ${CONNECTIONS} connections`,
  objects: 20_000,
  async *run(objects) {
    const ground = await makeGround();
    const { key, identity } = await ground.member('producer');
    const server = await ground.serve();
    const clients = Array.from({ length: CONNECTIONS }, () => connect(server.url, key));
    const bodies = Array.from({ length: WARM_UP + objects }, (_, i) => indicatorJson(i, identity));
    const timesMs: number[] = [];
    const post = async (client: Connection, body: string): Promise<void> => {
      const start = performance.now();
      await client.post('/api/v1/indicators', body);
      timesMs.push(performance.now() - start);
    };
    await share(bodies.splice(0, WARM_UP), clients, post);
    timesMs.length = 0;
    const used = await watchCpu(server.pid);
    const { seconds } = await timed(() => share(bodies, clients, post));
    const cpuSeconds = await used();
    await Promise.all(clients.map((client) => client.close()));
    await server.stop();
    await ground.clear();
    yield {
      measured: {
        bench: 'single',
        ...rate(objects, seconds),
        p50Ms: percentile(timesMs, 0.5),
        p99Ms: percentile(timesMs, 0.99),
        cpuSeconds,
        ran: `${CONNECTIONS} connections, ${setting()}`,
      },
      target: { perSecond: 800, p99Ms: 100 },
    };
  },
};
