import { connect, share } from '../client.ts';
import { watchCpu } from '../cpu.ts';
import { writeFloor } from '../floors/written-rows.ts';
import { makeGround, setting } from '../ground.ts';
import { makeBundles, type Bundle } from '../indicators.ts';
import { rate, rounded, timed, type Bench } from '../measurement.ts';
import { asOwner, waitForLog } from '../owner.ts';

const BUNDLE = 5000;
const CLIENTS = 2;
/** Bundles before the clock starts, for each client. */
const WARM_UP = 1;

/** Bundles over HTTP, beside SQL that writes the same rows. */
export const ingest: Bench = {
  name: 'ingest',
  about: `bundles of ${BUNDLE} indicators over HTTP from ${CLIENTS} clients`,
  objects: 150_000,
  async *run(objects) {
    const ground = await makeGround();
    const { key, identity } = await ground.member('producer');
    const server = await ground.serve();
    const clients = Array.from({ length: CLIENTS }, () => connect(server.url, key));
    const warmUp = makeBundles(WARM_UP * CLIENTS * BUNDLE, BUNDLE, identity);
    const bundles = makeBundles(objects, BUNDLE, identity);
    const postAll = (some: readonly Bundle[]) => () =>
      share(some, clients, async (client, bundle) => {
        const answer = await client.post('/api/v1/bundles', bundle.body);
        if (createdIn(answer) !== bundle.objects) throw new Error(JSON.stringify(answer));
      });
    await timed(postAll(warmUp));
    const used = await watchCpu(server.pid);
    const { seconds } = await timed(postAll(bundles));
    const cpuSeconds = await used();
    const posted = WARM_UP * CLIENTS * BUNDLE + objects;
    await asOwner(ground.databaseUrl, (client) => waitForLog(client, posted));
    await Promise.all(clients.map((client) => client.close()));
    await server.stop();
    const floor = await writeFloor(ground.databaseUrl, { batch: BUNDLE, connections: CLIENTS });
    await ground.clear();
    const measured = rate(objects, seconds);
    const floorPerSecond = rounded(floor.rows / floor.seconds);
    yield {
      measured: {
        bench: 'ingest',
        ...measured,
        floorPerSecond,
        ratio: rounded(measured.perSecond / floorPerSecond, 2),
        cpuSeconds,
        ran: `${CLIENTS} clients, bundles of ${BUNDLE}, ${setting()}; floor: the same rows by set-based SQL, ${CLIENTS} connections`,
      },
      target: { perSecond: 15_000, ratio: 0.4 },
    };
  },
};

function createdIn(answer: unknown): number {
  const { summary } = answer as { summary: { created: number } };
  return summary.created;
}
