import { connect, type Connection } from '../client.ts';
import { fillForSearch } from '../fill-search.ts';
import { makeGround, setting } from '../ground.ts';
import { percentile, rate, timed, type Bench } from '../measurement.ts';
import { asOwner } from '../owner.ts';

const TIMES = 40;
const WARM_UP = 5;
const PAGES = 1000;
const P95_MS = 50;

/** Typical searches; each is asked for with other values in turn. */
const QUERIES: Readonly<Record<string, (turn: number) => string>> = {
  newest: () => '',
  'a label that few have': (turn) => `label=family-${turn}`,
  'a label that all have': () => 'label=c2',
  'by producer': () => 'producer=producer',
  'a technique': (turn) => `technique=T${1000 + turn}`,
  'a phase and a label': (turn) => `kill_chain_phase=phase-${turn % 7}&label=family-${turn}`,
  'a text that few have': (turn) => `q=host-${turn}77`,
  'a text that all have': () => 'q=botnet',
  'a text of words': (turn) => `q=controller+host-9${turn}`,
  expired: () => 'state=expired',
  'confident and active': () => 'confidence_min=90&state=active',
  'without duplicates': (turn) => `duplicates=collapse&label=family-${turn}`,
};

/** The first page of 100 of typical searches, as an organisation that sees half of what there is. */
export const search: Bench = {
  name: 'search',
  about: 'the first page of 100 for typical searches, as an organisation that sees half',
  objects: 1_000_000,
  async *run(objects) {
    const ground = await makeGround();
    await ground.member('producer');
    const { key } = await ground.member('reader');
    const other = await asOwner(ground.databaseUrl, async (client) => {
      const made = await client.query<{ slug: string }>(
        `insert into audience (realm_id, kind, slug) values (1, 'group', 'bench-other') returning slug`,
      );
      const slug = made.rows[0]?.slug ?? '';
      await fillForSearch(client, { slug: 'producer', other: slug, objects });
      return slug;
    });
    const server = await ground.serve();
    const client = connect(server.url, key);
    for (const [name, queryOf] of Object.entries(QUERIES)) {
      const timesMs = await timesOf(client, queryOf);
      yield {
        measured: {
          bench: `search: ${name}`,
          ...rate(TIMES, timesMs.reduce((sum, time) => sum + time, 0) / 1000),
          p50Ms: percentile(timesMs, 0.5),
          p95Ms: percentile(timesMs, 0.95),
          ran: `${TIMES} searches, ${objects} indicators, half of them in ${other} and hidden, ${setting()}`,
        },
        target: { p95Ms: P95_MS },
      };
    }
    yield await laterPages(client);
    await client.close();
    await server.stop();
    await ground.clear();
  },
};

async function timesOf(client: Connection, queryOf: (turn: number) => string): Promise<number[]> {
  const timesMs: number[] = [];
  for (let turn = 0; turn < WARM_UP + TIMES; turn++) {
    const { seconds } = await timed(() => client.getBytes(`/api/v1/indicators?${queryOf(turn)}`));
    if (turn >= WARM_UP) timesMs.push(seconds * 1000);
  }
  return timesMs;
}

/** The time of page 1,000 to that of page 1; of the last page there is, where there are fewer. */
async function laterPages(client: Connection) {
  const first: number[] = [];
  const last: number[] = [];
  let after = '';
  for (let page = 1; page <= PAGES; page++) {
    const path = `/api/v1/indicators?label=c2${after === '' ? '' : `&after=${after}`}`;
    const { seconds, value } = await timed(() => client.getBytes(path));
    (page <= PAGES / 2 ? first : last).push(seconds * 1000);
    const { next } = JSON.parse(value.toString()) as { next: string | null };
    if (next === null) break;
    after = next;
  }
  const [firstMs, lastMs] = [percentile(first, 0.5), percentile(last, 0.5)];
  return {
    measured: {
      bench: 'search: late pages',
      ...rate(first.length + last.length, 1),
      ratio: lastMs / firstMs,
      ran: `the median of the second 500 pages of one search to that of the first 500, ${setting()}`,
    },
    target: { ratioMost: 1.3 },
  };
}
