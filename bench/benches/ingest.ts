import { connect, share } from '../client.ts';
import { watchCpu } from '../cpu.ts';
import { prepareFloor } from '../floors/written-rows.ts';
import { makeGround, setting } from '../ground.ts';
import { makeBundles, type Bundle } from '../indicators.ts';
import { timed, type Bench } from '../measurement.ts';
import { asOwner, waitForLog } from '../owner.ts';
import { PAIRS, runPairs } from '../pairs.ts';

const BUNDLE = 5000;
const CLIENTS = 2;
/** Bundles before the clock starts, for each client. */
const WARM_UP = 1;

/** Bundles over HTTP, in turn with SQL that writes the same rows. */
export const ingest: Bench = {
  name: 'ingest',
  about: `bundles of ${BUNDLE} indicators over HTTP from ${CLIENTS} clients`,
  objects: 150_000,
  async *run(objects) {
    const ground = await makeGround();
    const { key, identity } = await ground.member('producer');
    const server = await ground.serve();
    const clients = Array.from({ length: CLIENTS }, () => connect(server.url, key));
    let posted = 0;
    const postAll = async (bundles: readonly Bundle[]) => {
      const used = await watchCpu(server.pid);
      const { seconds } = await timed(() =>
        share(bundles, clients, async (client, bundle) => {
          const answer = await client.post('/api/v1/bundles', bundle.body);
          if (createdIn(answer) !== bundle.objects) throw new Error(JSON.stringify(answer));
        }),
      );
      const count = bundles.reduce((sum, bundle) => sum + bundle.objects, 0);
      posted += count;
      return { objects: count, seconds, cpuSeconds: await used() };
    };
    await postAll(makeBundles(WARM_UP * CLIENTS * BUNDLE, BUNDLE, identity));
    const floor = await prepareFloor(ground.databaseUrl, { batch: BUNDLE, connections: CLIENTS });
    const each = Math.ceil(objects / PAIRS);
    const paired = await runPairs(
      () => postAll(makeBundles(each, BUNDLE, identity)),
      async () => {
        // What the server still has to do for the run does not run beside the floor.
        await asOwner(ground.databaseUrl, (client) => waitForLog(client, posted));
        return floor.write();
      },
    );
    await floor.close();
    await Promise.all(clients.map((client) => client.close()));
    await server.stop();
    await ground.clear();
    yield {
      measured: {
        bench: 'ingest',
        ...paired,
        ran: `${PAIRS} pairs, ${CLIENTS} clients, bundles of ${BUNDLE}, ${setting()}; floor: the same rows by set-based SQL, ${CLIENTS} connections`,
      },
      target: { ratio: 0.55, ratioMin: 0.45 },
    };
  },
};

function createdIn(answer: unknown): number {
  const { summary } = answer as { summary: { created: number } };
  return summary.created;
}
