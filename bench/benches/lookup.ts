import { Client } from 'pg';
import { valueKey } from '../../src/stix/value/key.ts';
import { recognise } from '../../src/stix/value/recognise.ts';
import { connect, share, type Connection } from '../client.ts';
import { watchCpu } from '../cpu.ts';
import { atEnd } from '../endings.ts';
import { makeGround, setting, type Ground } from '../ground.ts';
import { fillListed, listedValue, unlistedValue } from '../listed.ts';
import { percentile, rate, rounded, timed, type Bench, type Target } from '../measurement.ts';
import { asOwner } from '../owner.ts';
import { median, PAIRS, runPairs, type Part } from '../pairs.ts';

const BATCH = 1000;
const BATCHES = 20;
const CLIENTS = 2;
const AUDIENCES = 200;
const CONNECTIONS = 32;
const SINGLES = 10_000;
const SMALL = 10_000;

const PER_SECOND = 50_000;
const FLOOR_RATIO = 0.5;
const AUDIENCES_RATIO = 0.7;

/** Batches of values, half of them listed, in turn with the bare probes of the index. */
export const lookup: Bench = {
  name: 'lookup',
  about: `batches of ${BATCH} values over HTTP from ${CLIENTS} clients, half of them known`,
  objects: 1_000_000,
  async *run(objects) {
    const ground = await makeGround();
    const { few, many } = await prepare(ground, objects);
    const server = await ground.serve();
    const open = (key: string) => Array.from({ length: CLIENTS }, () => connect(server.url, key));
    const [clients, others] = [open(few), open(many)];
    const look = async (connections: readonly Connection[], pair: number): Promise<Part> => {
      const used = await watchCpu(server.pid);
      const part = await lookUp(connections, batchesOf(objects, pair));
      return { ...part, cpuSeconds: await used() };
    };
    await look(clients, PAIRS);
    await look(others, PAIRS + 1);
    const floor = await prepareFloor(ground.databaseUrl);
    const audiences: number[] = [];
    const paired = await runPairs(
      (pair) => look(clients, pair),
      async (run, pair) => {
        const other = await look(others, pair + 2 * PAIRS);
        audiences.push(other.objects / other.seconds / (run.objects / run.seconds));
        return floor.probe(batchesOf(objects, pair));
      },
    );
    await floor.close();
    await Promise.all([...clients, ...others].map((client) => client.close()));
    await server.stop();
    await ground.clear();
    const audiencesRatio = rounded(median(audiences), 2);
    // Whichever of the two this machine allows.
    const pace: Target =
      paired.perSecond >= PER_SECOND ? { perSecond: PER_SECOND } : { ratio: FLOOR_RATIO };
    yield {
      measured: {
        bench: 'lookup',
        ...paired,
        audiencesRatio,
        ran: `${PAIRS} pairs on ${objects} indicators, ${CLIENTS} clients, ${setting()}; floor: probes of the index by SQL without row security, ${CLIENTS} connections; audiencesRatio: a viewer with ${AUDIENCES} audiences to one with 1`,
      },
      target: { ...pace, audiencesRatio: AUDIENCES_RATIO },
    };
  },
};

/** One value a request. */
export const lookupSingle: Bench = {
  name: 'lookup-single',
  about: `one value a request, ${CONNECTIONS} connections, half of them known`,
  objects: 1_000_000,
  async *run(objects) {
    const ground = await makeGround();
    const { few } = await prepare(ground, objects);
    const server = await ground.serve();
    const clients = Array.from({ length: CONNECTIONS }, () => connect(server.url, few));
    const timesMs: number[] = [];
    const get = async (client: Connection, value: string): Promise<void> => {
      const start = performance.now();
      await client.getBytes(`/api/v1/lookup/${encodeURIComponent(value)}`);
      timesMs.push(performance.now() - start);
    };
    const values = (from: number, count: number) =>
      Array.from({ length: count }, (_, i) => valueAt(objects, from + i));
    await share(values(0, SINGLES / 5), clients, get);
    timesMs.length = 0;
    const used = await watchCpu(server.pid);
    const { seconds } = await timed(() => share(values(SINGLES, SINGLES), clients, get));
    const cpuSeconds = await used();
    await Promise.all(clients.map((client) => client.close()));
    await server.stop();
    await ground.clear();
    yield {
      measured: {
        bench: 'lookup-single',
        ...rate(SINGLES, seconds),
        p50Ms: percentile(timesMs, 0.5),
        p99Ms: percentile(timesMs, 0.99),
        cpuSeconds,
        ran: `${CONNECTIONS} connections on ${objects} indicators, ${setting()}`,
      },
      target: { p99Ms: 10 },
    };
  },
};

/** What a value costs on many indicators, to what it costs on few. */
export const lookupGrowth: Bench = {
  name: 'lookup-growth',
  about: `the time for a value on 1,000,000 indicators, to that on ${SMALL}`,
  objects: 1_000_000,
  async *run(objects) {
    const ground = await makeGround();
    const { few } = await prepare(ground, SMALL);
    const small = await measureOn(ground, few, SMALL);
    await asOwner(ground.databaseUrl, (client) =>
      fillListed(client, 'producer', { from: SMALL, to: objects }),
    );
    const large = await measureOn(ground, few, objects);
    await ground.clear();
    yield {
      measured: {
        bench: 'lookup-growth',
        ...rate(large.objects, large.seconds),
        ratio: rounded(large.seconds / large.objects / (small.seconds / small.objects), 2),
        ran: `batches of ${BATCH} on ${SMALL} and on ${objects} indicators, medians of ${PAIRS} runs, ${setting()}`,
      },
      target: { ratioMost: 1.3 },
    };
  },
};

/** Keys of a reader with one audience beside its own, and of one with many. */
async function prepare(ground: Ground, objects: number): Promise<{ few: string; many: string }> {
  await ground.member('producer');
  const { key: few } = await ground.member('few');
  const { key: many, slug } = await ground.member('many');
  await asOwner(ground.databaseUrl, async (client) => {
    await client.query(
      `with made as (
         insert into audience (realm_id, kind, slug)
         select 1, 'group', 'bench-group-' || i from generate_series(1, $2::integer) as i returning id
       )
       insert into audience_member (audience_id, organisation_id)
       select made.id, organisation.id from made, organisation where organisation.slug = $1`,
      [slug, AUDIENCES],
    );
    await fillListed(client, 'producer', { from: 0, to: objects });
  });
  return { few, many };
}

async function measureOn(ground: Ground, key: string, objects: number): Promise<Part> {
  const server = await ground.serve();
  const clients = Array.from({ length: CLIENTS }, () => connect(server.url, key));
  const seconds: number[] = [];
  for (let run = 0; run <= PAIRS; run++) {
    const part = await lookUp(clients, batchesOf(objects, run));
    if (run > 0) seconds.push(part.seconds);
  }
  await Promise.all(clients.map((client) => client.close()));
  await server.stop();
  return { objects: BATCHES * BATCH, seconds: median(seconds) };
}

/** Throws where a value that is listed is not found. */
async function lookUp(
  clients: readonly Connection[],
  batches: readonly (readonly string[])[],
): Promise<Part> {
  const bodies = batches.map((values) => JSON.stringify({ values }));
  let known = 0;
  const { seconds } = await timed(() =>
    share(bodies, clients, async (client, body) => {
      const { results } = (await client.post('/api/v1/lookup', body)) as Answer;
      for (const { verdict } of results) if (verdict === 'malicious') known += 1;
    }),
  );
  const objects = batches.length * BATCH;
  if (known !== objects / 2) throw new Error(`Found ${known} of ${objects / 2} values`);
  return { objects, seconds };
}

interface Answer {
  readonly results: readonly { readonly verdict: string }[];
}

function batchesOf(objects: number, run: number): string[][] {
  return Array.from({ length: BATCHES }, (_, batch) =>
    Array.from({ length: BATCH }, (__, i) => valueAt(objects, (run * BATCHES + batch) * BATCH + i)),
  );
}

/** Scattered over all that is listed: neighbours in the table are not together in a batch. */
function valueAt(objects: number, number: number): string {
  const index = (number * 7919) % objects;
  return number % 2 === 0 ? listedValue(index) : unlistedValue(index);
}

interface Floor {
  probe(batches: readonly (readonly string[])[]): Promise<Part>;
  close(): Promise<void>;
}

const PROBE = `
  select count(found.version_id) from unnest(string_to_array($1, ',')::uuid[]) as asked (key)
    cross join lateral (
      select version_id from observable o where o.key = asked.key limit 20) as found`;

/** The same values by their keys alone, as the owner, whom row security lets see everything. */
async function prepareFloor(url: string): Promise<Floor> {
  const clients = await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      const client = new Client({ connectionString: url });
      client.on('error', () => undefined);
      await client.connect();
      atEnd(() => client.end());
      return client;
    }),
  );
  return {
    probe: async (batches) => {
      const lists = batches.map((values) => values.map(keyOf).join(','));
      const { seconds } = await timed(() =>
        share(lists, clients, async (client, keys) => {
          await client.query({ name: 'probe', text: PROBE, values: [keys] });
        }),
      );
      return { objects: batches.length * BATCH, seconds };
    },
    close: async () => void (await Promise.all(clients.map((client) => client.end()))),
  };
}

function keyOf(value: string): string {
  const found = recognise(value);
  return valueKey(found?.kind ?? '', found?.value ?? '');
}
