import { connect } from '../client.ts';
import { addCpu, watchCpu } from '../cpu.ts';
import { makeGround, setting } from '../ground.ts';
import { indicatorJson } from '../indicators.ts';
import { cpuPerObject, median } from '../pairs.ts';
import { rate, rounded, timed, type Bench } from '../measurement.ts';

const ROUNDS = 20;
const DAY_MS = 86_400_000;

/** A producer's daily refresh: the same ids posted again and again, each time with a later `modified`. */
export const refresh: Bench = {
  name: 'refresh',
  about: `${ROUNDS} rounds of the same ids, each with a later modified`,
  objects: 2000,
  async *run(objects) {
    const ground = await makeGround();
    const { key, identity } = await ground.member('producer');
    const server = await ground.serve();
    const client = connect(server.url, key);
    const first = Array.from({ length: objects }, (_, i) => indicatorJson(i, identity));
    const rounds: { readonly seconds: number; readonly cpu: ReturnType<typeof addCpu> }[] = [];
    for (let round = 0; round <= ROUNDS; round++) {
      const body = bundleOf(first, round);
      const used = await watchCpu(server.pid);
      const { value, seconds } = await timed(() => client.post('/api/v1/bundles', body));
      const { summary } = value as { summary: { created: number; updated: number } };
      if (summary.created + summary.updated !== objects) throw new Error(JSON.stringify(summary));
      rounds.push({ seconds, cpu: await used() });
    }
    await client.close();
    await server.stop();
    await ground.clear();
    const [, second = rounds[0], ...later] = rounds;
    const seconds = later.reduce((sum, round) => sum + round.seconds, 0);
    const worst = Math.max(...later.map((round) => round.seconds));
    const total = later.length * objects;
    yield {
      measured: {
        bench: 'refresh',
        ...rate(total, seconds),
        worstRoundRatio: rounded(worst / (second?.seconds ?? Number.NaN), 2),
        p50Ms: rounded(median(later.map((round) => round.seconds)) * 1000, 1),
        p99Ms: rounded(worst * 1000, 1),
        cpuMsPerObject: cpuPerObject(later.map(({ cpu }) => cpu).reduce(addCpu), total),
        ran: `${later.length} rounds of ${objects} ids, one client, times are of rounds, ${setting()}`,
      },
      target: { worstRoundRatio: 1.3 },
    };
  },
};

function bundleOf(objects: readonly string[], round: number): string {
  const later = objects.map((text) =>
    text.replace(/"modified":"([^"]+)"/, (_, time: string) => {
      const modified = new Date(Date.parse(time) + round * DAY_MS).toISOString();
      return `"modified":"${modified}"`;
    }),
  );
  const id = 'bundle--00000000-0000-4000-8000-000000000000';
  return `{"type":"bundle","id":"${id}","objects":[${later.join(',')}]}`;
}
