/**
 * `npm run torture -- --seconds N [--seed S] [--quiet-after S] [--json]`: runs real processes on a
 * PostgreSQL of its own, kills them at random and checks that nothing is lost, skipped or leaked.
 * `--control NAME|all` runs what must fail, and leaves with 0 only if it did.
 */
import { parseArgs } from 'node:util';
import { CONTROLS, holds } from './controls.ts';
import { torture, type Outcome } from './torture.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    seed: { type: 'string' },
    'quiet-after': { type: 'string', default: '60' },
    logs: { type: 'string' },
    control: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => interrupt.abort());
}
const CONTROL_SECONDS = 4;
const startedMs = performance.now();
const tell = (what: string): void => {
  if (values.json) return;
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1).padStart(6);
  process.stderr.write(`${seconds} s  ${what}\n`);
};

function count(name: 'seconds' | 'seed' | 'quiet-after', otherwise: number): number {
  const number = values[name] === undefined ? otherwise : Number(values[name]);
  if (Number.isInteger(number) && number >= 0 && number <= 1e9) return number;
  process.stderr.write(`--${name} takes a whole number\n`);
  process.exit(2);
}

function report(outcome: Outcome): number {
  const lists = {
    lost: outcome.lost,
    skipped: outcome.skipped,
    leaked: outcome.leaked,
    halfDone: outcome.halfDone,
    stuck: outcome.stuck,
  };
  const counts: Record<string, number> = {};
  for (const [name, found] of Object.entries(lists)) {
    counts[name] = found.length;
    for (const one of found.slice(0, 20)) process.stderr.write(`${name}: ${one}\n`);
  }
  const quietAfterSeconds = Math.round(outcome.quietAfterSeconds * 10) / 10;
  process.stdout.write(`${JSON.stringify({ ...outcome, ...counts, quietAfterSeconds })}\n`);
  return Object.values(lists).some((found) => found.length > 0) ? 1 : 0;
}

/** Runs a control, or all; 0 only if each made the checker fail. */
async function runControls(wanted: string, seed: number): Promise<number> {
  const chosen = Object.entries(CONTROLS).filter(([name]) => wanted === 'all' || wanted === name);
  if (chosen.length === 0) {
    process.stderr.write(`--control takes all or one of ${Object.keys(CONTROLS).join(', ')}\n`);
    return 2;
  }
  let failures = 0;
  for (const [control, run] of chosen) {
    const controlled = await run({ seconds: CONTROL_SECONDS, seed });
    const { fault, wrong, right } = controlled;
    const caught = holds(controlled);
    if (!caught) failures++;
    const counts = { wrong: wrong[fault].length, right: right[fault].length };
    const line = { control, caught, fault, accepted: right.accepted, ...counts, seed };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  }
  return failures === 0 ? 0 : 1;
}

const options = {
  seconds: count('seconds', 30),
  seed: count('seed', Date.now() % 1_000_000),
  quietSeconds: count('quiet-after', 60),
  logDirectory: values.logs,
  tell,
  interrupt: interrupt.signal,
};
tell(`seed ${options.seed}`);
try {
  process.exitCode =
    values.control === undefined
      ? report(await torture(options))
      : await runControls(values.control, options.seed);
} catch (error) {
  if (!interrupt.signal.aborted) throw error;
  process.stderr.write('interrupted\n');
  process.exitCode = 130;
}
