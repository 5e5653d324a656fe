import { connect, type Connection } from '../client.ts';
import { watchCpu } from '../cpu.ts';
import { fillLog } from '../fill.ts';
import { makeGround, setting } from '../ground.ts';
import { rate, timed, type Bench } from '../measurement.ts';
import { asOwner } from '../owner.ts';
import { watchMemory } from '../server.ts';

const LIMIT = 1000;

/** The whole log, page after page, as one viewer. */
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
    const used = await watchCpu(server.pid);
    const { value: read, seconds } = await timed(() => readAll(client));
    const cpuSeconds = await used();
    const rssGrowthMb = await memory.stop();
    await client.close();
    await server.stop();
    await ground.clear();
    if (read !== objects) throw new Error(`Read ${read} objects of ${objects}`);
    yield {
      measured: {
        bench: 'changes',
        ...rate(objects, seconds),
        rssGrowthMb,
        cpuSeconds,
        ran: `pages of ${LIMIT}, one reader, memory from after the first page to its highest, ${setting()}`,
      },
      target: { perSecond: 50_000, rssGrowthMb: 150 },
    };
  },
};

async function readAll(client: Connection): Promise<number> {
  let read = 0;
  let after: string | undefined;
  for (;;) {
    const page = await readOn(client, after);
    read += page.objects;
    if (!page.more) return read;
    after = page.next;
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
