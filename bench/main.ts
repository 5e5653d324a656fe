/**
 * `npm run -s bench -- [name…|all] [--objects N] [--json] [--check] [--save] [--against COMMIT]`: how fast the
 * real server is, and how that compares with the committed baseline or with another commit.
 */
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { compare } from './against.ts';
import { againstBaseline, readBaseline, saveBaseline } from './baseline.ts';
import { catchup } from './benches/catchup.ts';
import { changes } from './benches/changes.ts';
import { fanout } from './benches/fanout.ts';
import { growth } from './benches/growth.ts';
import { ingest } from './benches/ingest.ts';
import { isolation } from './benches/isolation.ts';
import { latency } from './benches/latency.ts';
import { lookup, lookupGrowth, lookupSingle } from './benches/lookup.ts';
import { patterns } from './benches/patterns.ts';
import { refresh } from './benches/refresh.ts';
import { rowSecurity } from './benches/row-security.ts';
import { search } from './benches/search.ts';
import { single } from './benches/single.ts';
import { streams } from './benches/streams.ts';
import { validate } from './benches/validate.ts';
import { endAll, endOnSignals, isInterrupted } from './endings.ts';
import { judge, type Bench, type Judged, type Measurement } from './measurement.ts';
import { printForPeople } from './table.ts';

const BENCHES: readonly Bench[] = [
  ingest,
  refresh,
  search,
  single,
  latency,
  fanout,
  catchup,
  isolation,
  changes,
  streams,
  growth,
  lookup,
  lookupSingle,
  lookupGrowth,
  rowSecurity,
  validate,
  patterns,
];

const USAGE =
  'Usage: bench [name…|all] [--objects N] [--json] [--check] [--save] [--against COMMIT]; no name lists them.';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    save: { type: 'boolean', default: false },
    objects: { type: 'string' },
    against: { type: 'string' },
  },
});
process.exitCode = await main();

async function main(): Promise<number> {
  if (positionals.length === 0) {
    for (const { name, about } of BENCHES) console.log(`${name.padEnd(12)} ${about}`);
    return 0;
  }
  const every = positionals.includes('all');
  const chosen = BENCHES.filter(({ name }) => every || positionals.includes(name));
  const objects = values.objects === undefined ? undefined : Number(values.objects);
  if ((!every && chosen.length < new Set(positionals).size) || !isCount(objects)) {
    console.error(USAGE);
    return 2;
  }
  endOnSignals();
  try {
    return (await measureAll(chosen, objects)) || !values.check ? 0 : 1;
  } catch (error) {
    // What fails while a signal ends everything fails because of that; the signal's handler leaves.
    if (isInterrupted()) return new Promise<number>(() => undefined);
    throw error;
  } finally {
    if (!isInterrupted()) await endAll();
  }
}

function isCount(objects: number | undefined): boolean {
  return objects === undefined || (Number.isInteger(objects) && objects >= 1);
}

/** Whether every target was reached; a comparison with another commit has none. */
async function measureAll(
  benches: readonly Bench[],
  objects: number | undefined,
): Promise<boolean> {
  if (values.against === undefined) return runAll(benches, objects);
  await compareAll(benches, values.against, objects);
  return true;
}

async function compareAll(
  benches: readonly Bench[],
  ref: string,
  objects: number | undefined,
): Promise<void> {
  for (const { name } of benches) {
    for (const compared of await compare(name, ref, objects)) console.log(JSON.stringify(compared));
  }
}

/** Whether every target was reached. */
async function runAll(benches: readonly Bench[], objects: number | undefined): Promise<boolean> {
  let reached = true;
  const baseline = await readBaseline();
  const rows: Measurement[] = [];
  for (const bench of benches) {
    for await (const { measured, target } of bench.run(objects ?? bench.objects)) {
      const judged = judge(measured, target);
      rows.push(measured);
      print(judged, againstBaseline(measured, baseline));
      reached &&= judged.verdict !== 'missed' && judged.verdict !== 'noisy';
    }
  }
  if (values.save) await saveBaseline(rows);
  return reached;
}

function print(judged: Judged, toBaseline: object): void {
  const loadAverage = Number((loadavg()[0] ?? 0).toFixed(2));
  if (values.json) console.log(JSON.stringify({ ...judged, toBaseline, loadAverage }));
  else printForPeople(judged, toBaseline);
}
