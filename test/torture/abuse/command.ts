/**
 * `npm run torture -- abuse [--seconds N] [--seed S] [--only CASE,…] [--json]`: every kind of abuse in
 * turn against a server with a heap of 1 GB, while a well-behaved member posts and reads. The last
 * line is the result as JSON. `--control NAME|all` does to the server what must be noticed.
 */
import { parseArgs } from 'node:util';
import { abuse, type AbuseOutcome } from './abuse.ts';
import { CASES } from './cases.ts';
import { ABUSE_CONTROLS } from './controls.ts';
import { isUnharmed } from './verdict.ts';

const { values } = parseArgs({
  args: process.argv.slice(3),
  options: {
    seconds: { type: 'string', default: '210' },
    seed: { type: 'string' },
    only: { type: 'string' },
    logs: { type: 'string' },
    control: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const startedMs = performance.now();
const tell = (what: string): void => {
  if (values.json) return;
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1).padStart(6);
  process.stderr.write(`${seconds} s  ${what}\n`);
};

function usage(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

function wholeNumber(name: 'seconds' | 'seed', otherwise: number): number {
  const number = values[name] === undefined ? otherwise : Number(values[name]);
  return Number.isInteger(number) && number >= 0 && number <= 1e9
    ? number
    : usage(`--${name} must be a whole number`);
}

const only = values.only?.split(',');
const unknown = only?.find((name) => !Object.hasOwn(CASES, name));
if (unknown !== undefined)
  usage(`Unknown case: ${unknown}. Cases: ${Object.keys(CASES).join(', ')}`);
const options = {
  seconds: wholeNumber('seconds', 210),
  seed: wholeNumber('seed', Date.now() % 1_000_000),
  only,
  logDirectory: values.logs,
  tell,
};

function report(outcome: AbuseOutcome): number {
  process.stdout.write(`${JSON.stringify(outcome)}\n`);
  return isUnharmed(outcome) ? 0 : 1;
}

async function runControls(wanted: string): Promise<number> {
  const chosen = Object.entries(ABUSE_CONTROLS).filter(([name]) => ['all', name].includes(wanted));
  if (chosen.length === 0)
    usage(`--control takes all or ${Object.keys(ABUSE_CONTROLS).join(', ')}`);
  let missed = 0;
  for (const [control, act] of chosen) {
    const outcome = await abuse({ ...options, seconds: 10, only: ['pipelines'], control: act });
    const noticed = !isUnharmed(outcome);
    if (!noticed) missed++;
    process.stdout.write(`${JSON.stringify({ control, noticed, ...outcome })}\n`);
  }
  return missed === 0 ? 0 : 1;
}

process.exitCode =
  values.control === undefined ? report(await abuse(options)) : await runControls(values.control);
