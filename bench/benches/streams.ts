import { once } from 'node:events';
import { get, type ClientRequest, type IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from '../client.ts';
import { watchCpu, type CpuUse } from '../cpu.ts';
import { growth } from '../growth.ts';
import { makeGround, setting, type Member } from '../ground.ts';
import { indicatorJson } from '../indicators.ts';
import { percentile, rate, rounded, timed, type Bench, type Spread } from '../measurement.ts';
import { cpuPerObject } from '../pairs.ts';

const FEW = 10;
const SOME = 300;
const MANY = 1000;
const ORGANISATIONS = 50;
const PAUSE_MS = 100;
const IDLE_MS = 10_000;
const ID = /"id":"(indicator--[0-9a-f-]{36})"/g;

/** From sending a post until each stream has it; --objects is posts for each number of readers. */
export const streams: Bench = {
  name: 'streams',
  about: `one post to ${FEW}, ${SOME} and ${MANY} streams of ${ORGANISATIONS} organisations, and ${MANY} idle ones`,
  objects: 100,
  async *run(objects) {
    const ground = await makeGround();
    const producer = await ground.member('producer');
    const readers: Member[] = [];
    for (let i = 0; i < ORGANISATIONS; i++) readers.push(await ground.member(`reader-${i}`));
    const server = await ground.serve();
    const client = connect(server.url, producer.key);
    const post = (body: string) => client.post('/api/v1/indicators', body);
    const measure = async (open: Followers) => {
      await postEach(post, open, bodies(producer, 10));
      const used = await watchCpu(server.pid);
      const { value, seconds } = await timed(() => postEach(post, open, bodies(producer, objects)));
      return { timesMs: value, seconds, cpuSeconds: await used() };
    };
    const few = await closing(await followers(server.url, readers, FEW), measure);
    const some = await closing(await followers(server.url, readers, SOME), measure);
    const [idle, many] = await closing(
      await followers(server.url, readers, MANY),
      async (open) => [await idleCores(server.pid), await measure(open)] as const,
    );
    await client.close();
    await server.stop();
    await ground.clear();
    const ran = `${objects} posts, one every ${PAUSE_MS} ms, readers of ${ORGANISATIONS} organisations in the bench, ${setting()}`;
    yield {
      measured: {
        ...figures(SOME, objects, some),
        few: spreadOf(FEW, few),
        many: spreadOf(SOME, some),
        ratio: rounded(percentile(some.timesMs, 0.99) / percentile(few.timesMs, 0.99), 2),
        ran,
      },
      target: { ratioMost: 3 },
    };
    yield {
      measured: {
        ...figures(MANY, objects, many),
        idleCores: idle,
        ran: `${ran}; idle cores: server and database`,
      },
      target: { idleCores: 0.05, p99Ms: 300 },
    };
  },
};

interface Measured {
  readonly timesMs: readonly number[];
  readonly seconds: number;
  readonly cpuSeconds: CpuUse | undefined;
}

function figures(readers: number, objects: number, { timesMs, seconds, cpuSeconds }: Measured) {
  return {
    bench: 'streams',
    ...rate(objects * readers, seconds),
    ...spreadOf(readers, { timesMs }),
    cpuSeconds,
    cpuMsPerObject: cpuPerObject(cpuSeconds, objects * readers),
  };
}

function spreadOf(readers: number, { timesMs }: Pick<Measured, 'timesMs'>): Spread {
  return { readers, p50Ms: percentile(timesMs, 0.5), p99Ms: percentile(timesMs, 0.99) };
}

/** Processors that the server and its database use while nothing is posted. */
async function idleCores(pid: number): Promise<number> {
  const used = await watchCpu(pid);
  await delay(IDLE_MS);
  const cpuSeconds = await used();
  const busy = (cpuSeconds?.server ?? 0) + (cpuSeconds?.database ?? 0);
  return rounded(busy / (IDLE_MS / 1000), 3);
}

async function closing<T>(open: Followers, work: (open: Followers) => Promise<T>): Promise<T> {
  try {
    return await work(open);
  } finally {
    open.close();
  }
}

interface Followers {
  /** Resolves when each stream has the object, with the time from `sinceMs` of each. */
  have(id: string, sinceMs: number): Promise<number[]>;
  close(): void;
}

/** Streams from now on, the organisations taking turns. */
async function followers(
  url: string,
  readers: readonly Member[],
  count: number,
): Promise<Followers> {
  const arrivals = new Map<string, number[]>();
  const grown = new EventTarget();
  const requests: ClientRequest[] = [];
  const open = async (reader: Member | undefined): Promise<void> => {
    const request = get(`${url}/api/v1/stream`, {
      agent: false,
      headers: { 'x-api-key': reader?.key ?? '' },
    });
    requests.push(request);
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    if (answer.statusCode !== 200) throw new Error(`No stream: ${answer.statusCode}`);
    answer.on('error', () => undefined);
    answer.setEncoding('utf8').on('data', (text: string) => {
      for (const [, id = ''] of text.matchAll(ID)) {
        arrivals.set(id, [...(arrivals.get(id) ?? []), performance.now()]);
        grown.dispatchEvent(new Event('grown'));
      }
    });
  };
  for (let i = 0; i < count; i++) await open(readers[i % readers.length]);
  return {
    have: async (id, sinceMs) => {
      const arrived = (): number[] => arrivals.get(id) ?? [];
      while (arrived().length < count) {
        await growth(grown, () => `Only ${arrived().length} of ${count} streams have ${id}`);
      }
      return arrived().map((atMs) => atMs - sinceMs);
    },
    close: () => {
      for (const request of requests) request.destroy();
    },
  };
}

function bodies({ identity }: Member, count: number): string[] {
  return Array.from({ length: count }, (_, i) => indicatorJson(i, identity));
}

/** Posts one after another, each when every stream has the one before. */
async function postEach(
  post: (body: string) => Promise<unknown>,
  open: Followers,
  posts: readonly string[],
): Promise<number[]> {
  const timesMs: number[] = [];
  for (const body of posts) {
    const [, id = ''] = body.match(/"id":"([^"]+)"/) ?? [];
    const sinceMs = performance.now();
    const [times] = await Promise.all([open.have(id, sinceMs), post(body)]);
    timesMs.push(...times);
    await delay(PAUSE_MS);
  }
  return timesMs;
}
