import { connect, type Connection } from '../client.ts';
import { watchCpu } from '../cpu.ts';
import { fillLog } from '../fill.ts';
import { streamLog } from '../floors/streamed-log.ts';
import { makeGround, setting } from '../ground.ts';
import { timed, type Bench } from '../measurement.ts';
import { asOwner } from '../owner.ts';
import { PAIRS, runPairs } from '../pairs.ts';
import { watchMemory } from '../server.ts';

const LIMIT = 1000;

/** The whole log, page after page, as one viewer, in turn with the bare contents out of PostgreSQL. */
export const changes: Bench = {
  name: 'changes',
  about: `the log read over HTTP as one viewer, pages of ${LIMIT}`,
  objects: 1_000_000,
  async *run(objects) {
    const ground = await makeGround();
    await ground.member('producer');
    const { key } = await ground.member('reader');
    await asOwner(ground.databaseUrl, (client) => fillLog(client, 'producer', objects));
    const server = await ground.serve();
    const client = connect(server.url, key);
    await readOn(client, undefined);
    const memory = await watchMemory(server.pid);
    const each = Math.floor(objects / PAIRS / LIMIT) * LIMIT;
    if (each === 0) throw new Error(`changes needs at least ${PAIRS * LIMIT} objects`);
    const reader = { after: undefined as string | undefined };
    const paired = await asOwner(ground.databaseUrl, (owner) =>
      runPairs(
        async () => {
          const used = await watchCpu(server.pid);
          const { seconds } = await timed(() => readPages(client, reader, each));
          return { objects: each, seconds, cpuSeconds: await used() };
        },
        (_, pair) => streamLog(owner, { after: pair * each, objects: each, limit: LIMIT }),
      ),
    );
    const memoryGrowthMb = await memory.stop();
    await client.close();
    await server.stop();
    await ground.clear();
    yield {
      measured: {
        bench: 'changes',
        ...paired,
        memoryGrowthMb,
        ran: `${PAIRS} pairs, pages of ${LIMIT}, one reader, memory from after the first page to its highest, ${setting()}; floor: the same contents by SQL without row security, one connection`,
      },
      target: { ratio: 0.5, memoryGrowthMb: 60 },
    };
  },
};

/** Reads so many objects on from where the reader is. */
async function readPages(
  client: Connection,
  reader: { after: string | undefined },
  objects: number,
): Promise<void> {
  for (let read = 0; read < objects;) {
    const page = await readOn(client, reader.after);
    if (page.objects === 0) throw new Error(`The log ends after ${read} objects`);
    read += page.objects;
    reader.after = page.next;
  }
}

/** One page; its objects are counted, not parsed, so that the reader costs the machine little. */
async function readOn(client: Connection, after: string | undefined) {
  const from = after === undefined ? '' : `&after=${after}`;
  const body = await client.getBytes(`/api/v1/changes?limit=${LIMIT}${from}`);
  const tail = body.subarray(body.lastIndexOf('],"withdrawn":') + 2).toString();
  const { next, more } = JSON.parse(`{${tail}`) as { next: string; more: boolean };
  return { objects: countIds(body), next, more };
}

function countIds(body: Buffer): number {
  let count = 0;
  const mark = Buffer.from('"indicator--');
  for (let at = body.indexOf(mark); at >= 0; at = body.indexOf(mark, at + mark.length)) count++;
  return count;
}
