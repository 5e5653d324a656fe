import { connect, share, type Connection } from '../client.ts';
import { fillLog, filledId } from '../fill.ts';
import { makeGround, setting, type Ground } from '../ground.ts';
import { indicatorJson, makeBundles } from '../indicators.ts';
import { rate, timed, type Bench } from '../measurement.ts';
import { asOwner } from '../owner.ts';
import { summarise, type Part } from '../pairs.ts';
import type { Server } from '../server.ts';

const FEW = 10_000;
const CONNECTIONS = 8;
const PAIRS = 7;
/** A prime, so that consecutive requests ask for objects from all parts of the table. */
const STRIDE = 7919;

/** What members do most, on two servers that differ only in how much they hold, in turn. */
export const growth: Bench = {
  name: 'growth',
  about: `each operation on a long log, and on one of ${FEW} objects`,
  objects: 3_000_000,
  async *run(objects) {
    const [few, many] = [await hold(FEW), await hold(objects)];
    for (const [name, run] of Object.entries(OPERATIONS)) {
      const runs: Part[] = [];
      const floors: Part[] = [];
      for (let round = 0; round <= PAIRS; round++) {
        const [floor, measured] = [await once(few, run, round), await once(many, run, round)];
        // The first round warms both up.
        if (round > 0) [runs[round - 1], floors[round - 1]] = [measured, floor];
      }
      const { ratio, ratioMin, ratioMax, ...paired } = summarise(runs, floors);
      yield {
        measured: {
          bench: 'growth',
          operation: name,
          ...rate(paired.objects, paired.seconds),
          floorPerSecond: paired.floorPerSecond,
          ratio: inverse(ratio),
          ratioMin: inverse(ratioMax),
          ratioMax: inverse(ratioMin),
          ran: `${name}, ${PAIRS} pairs, two of ${setting()}; ratio: time with ${objects} objects to time with ${FEW}`,
        },
        target: { ratioMost: 1.3 },
      };
    }
    for (const holding of [few, many]) await release(holding);
  },
};

/** A server with so many objects of one producer, and what an operation needs of it. */
interface Holding {
  readonly objects: number;
  readonly ground: Ground;
  readonly server: Server;
  readonly identity: string;
  readonly clients: readonly Connection[];
}

/** Does one operation a number of times, and returns how often. */
type Operation = (holding: Holding, round: number) => Promise<number>;

const OPERATIONS: Readonly<Record<string, Operation>> = { ingest, refresh, single, get, changes };

async function ingest({ clients: [client], identity }: Holding): Promise<number> {
  for (const { body } of makeBundles(5000, 5000, identity)) {
    await client?.post('/api/v1/bundles', body);
  }
  return 5000;
}

/** Objects that were there get a later version: 500 that lie all over the table. */
async function refresh(holding: Holding, round: number): Promise<number> {
  const { clients, identity } = holding;
  const modified = new Date(Date.UTC(2026, 6, 1 + round)).toISOString();
  const later = somewhere(holding, round, 500).map((id, i) => {
    const made = JSON.parse(indicatorJson(i, identity)) as object;
    return { ...made, id, created: '2026-01-01T00:00:00.000Z', modified };
  });
  const bundle = { type: 'bundle', id: 'bundle--00000000-0000-4000-8000-000000000000' };
  await clients[0]?.post('/api/v1/bundles', JSON.stringify({ ...bundle, objects: later }));
  return later.length;
}

async function single({ clients, identity }: Holding): Promise<number> {
  const bodies = Array.from({ length: 500 }, (_, i) => indicatorJson(i, identity));
  await share(bodies, clients, async (client, body) => {
    await client.post('/api/v1/indicators', body);
  });
  return bodies.length;
}

async function get(holding: Holding, round: number): Promise<number> {
  const ids = somewhere(holding, round, 1000);
  await share(ids, holding.clients, async (client, id) => {
    await client.getBytes(`/api/v1/objects/${id}`);
  });
  return ids.length;
}

async function changes({ clients: [client] }: Holding): Promise<number> {
  let cursor = '';
  for (let page = 0; page < 5; page++) {
    const body = await client?.getBytes(`/api/v1/changes?limit=1000${cursor}`);
    const [, next = ''] = /"next":"([^"]+)"/.exec(body?.subarray(-300).toString() ?? '') ?? [];
    cursor = `&after=${next}`;
  }
  return 5000;
}

function somewhere({ objects }: Holding, round: number, count: number): string[] {
  return Array.from({ length: count }, (_, i) =>
    filledId(1 + (((round * count + i) * STRIDE) % objects)),
  );
}

async function hold(objects: number): Promise<Holding> {
  const ground = await makeGround();
  const { key, identity } = await ground.member('producer');
  await asOwner(ground.databaseUrl, (client) => fillLog(client, 'producer', objects));
  const server = await ground.serve();
  const clients = Array.from({ length: CONNECTIONS }, () => connect(server.url, key));
  return { objects, ground, server, identity, clients };
}

async function release({ clients, server, ground }: Holding): Promise<void> {
  await Promise.all(clients.map((client) => client.close()));
  await server.stop();
  await ground.clear();
}

async function once(holding: Holding, run: Operation, round: number): Promise<Part> {
  const { value: objects, seconds } = await timed(() => run(holding, round));
  return { objects, seconds };
}

function inverse(ratio: number): number {
  return Math.round(100 / ratio) / 100;
}
