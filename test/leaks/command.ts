/**
 * `npm run torture -- leaks [--checks N] [--seed S] [--json] [--control NAME|all]`: lives through
 * random histories and compares what every door shows every viewer with what the rules say. Leaves
 * with 1 when anything leaked or was missing; with a control, when the control was not noticed.
 */
import { parseArgs } from 'node:util';
import { CONTROLS, findingsWith } from './controls.ts';
import { withGrounds } from './ground.ts';
import { DOORS } from './doors.ts';
import { addLeaks, findLeaks, NO_LEAKS, USUAL_SIZE, type Leaks } from './leaks.ts';
import { planHistory } from './plan.ts';

const { values } = parseArgs({
  args: process.argv.slice(3),
  options: {
    checks: { type: 'string', default: '1000000' },
    seed: { type: 'string' },
    control: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

const CONTROL_SIZE = { steps: 40, objects: 60 };
/** Histories on one database: its log grows, and each of them begins at its beginning. */
const HISTORIES_MAX = 8;

const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupt.abort());
const seed = wholeNumber('seed', Date.now() % 1_000_000_000);
const checks = wholeNumber('checks', 0);
process.exitCode =
  values.control === undefined ? await searchAll() : await runControls(values.control);

function wholeNumber(name: 'checks' | 'seed', otherwise: number): number {
  const number = values[name] === undefined ? otherwise : Number(values[name]);
  if (Number.isInteger(number) && number >= 0 && number <= 1e12) return number;
  process.stderr.write(`--${name} takes a whole number\n`);
  process.exit(2);
}

async function searchAll(): Promise<number> {
  const startMs = performance.now();
  let all: Leaks = { ...NO_LEAKS, seed };
  const tell = (compared: number): void => {
    const seconds = ((performance.now() - startMs) / 1000).toFixed(0);
    if (!values.json) process.stderr.write(`${seconds} s  ${compared} checks\n`);
  };
  await withGrounds(async (onGround) => {
    for (let next = seed; all.checks < checks && all.failure === undefined;) {
      if (interrupt.signal.aborted) return;
      const { checks: before } = all;
      const options = { size: USUAL_SIZE, checks: checks - before, historiesMax: HISTORIES_MAX };
      const found = await onGround((ground) =>
        findLeaks(ground, { ...options, seed: next, signal: interrupt.signal }, (more) =>
          tell(before + more),
        ),
      );
      all = addLeaks(all, found);
      next += HISTORIES_MAX;
    }
  });
  const { failure, ...figures } = all;
  if (failure !== undefined) process.stderr.write(`${failure}\n`);
  if (values.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
  else printForPeople(figures);
  if (interrupt.signal.aborted) return 130;
  return figures.leaked + figures.missing > 0 || figures.checks < checks ? 1 : 0;
}

function printForPeople({ checks: compared, leaked, missing, doors }: Leaks): void {
  for (const { name } of DOORS) {
    process.stdout.write(`${name.padEnd(28)} ${String(doors[name] ?? 0).padStart(12)}\n`);
  }
  process.stdout.write(`seed ${seed}: ${compared} checks, ${leaked} leaked, ${missing} missing\n`);
}

/** Runs a control, or all; 0 only if each was noticed. */
async function runControls(wanted: string): Promise<number> {
  const chosen = Object.keys(CONTROLS).filter((name) => wanted === 'all' || wanted === name);
  if (chosen.length === 0) {
    process.stderr.write(`--control takes all or one of ${Object.keys(CONTROLS).join(', ')}\n`);
    return 2;
  }
  let unnoticed = 0;
  await withGrounds((onGround) =>
    onGround(async (ground) => {
      for (const control of chosen) {
        const [first] = await findingsWith(ground, control, planHistory(seed, CONTROL_SIZE));
        if (first === undefined) unnoticed += 1;
        const line = { control, caught: first !== undefined, seed, finding: first };
        process.stdout.write(`${JSON.stringify(line)}\n`);
      }
    }),
  );
  return unnoticed === 0 ? 0 : 1;
}
