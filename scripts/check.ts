/**
 * `npm run check [-- --only <step>]`: everything about the code that a machine can judge without
 * running it. All steps run, whatever the earlier ones found; the exit code is 1 if any failed.
 */
import { spawnSync } from 'node:child_process';
import { delimiter } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The steps in their order, each the commands that must all leave with 0. */
const steps: Record<string, string[][]> = {
  format: [['prettier', '--check', '--log-level', 'warn', '.']],
  lint: [
    ['oxlint', '--format=unix', '--deny-warnings', '--report-unused-disable-directives'],
    ['node', 'scripts/check-words.ts'],
  ],
  words: [
    ['cspell', 'lint', '--no-progress', '--no-summary'],
    ['node', 'scripts/check-prose.ts'],
  ],
  commits: [['node', 'scripts/check-commits.ts']],
  types: [['tsc', '--noEmit']],
  arrows: [['node', 'scripts/check-arrows.ts']],
  'dead-code': [['knip', '--no-progress', '--no-config-hints']],
  openapi: [
    ['node', 'scripts/generate.ts', '--check'],
    ['redocly', 'lint', '--format=stylish', 'openapi.yaml'],
    ['spectral', 'lint', '--fail-severity=hint', '--display-only-failures', 'openapi.yaml'],
  ],
  schema: [['node', 'scripts/generate-schema.ts', '--check']],
};

function runStep(name: string, commands: string[][]): boolean {
  const start = performance.now();
  const told: string[] = [];
  for (const [program = '', ...args] of commands) {
    const run = spawnSync(program, args, {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        // Redocly asks the network for neither.
        REDOCLY_TELEMETRY: 'off',
        REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true',
        PATH: `${root}node_modules/.bin${delimiter}${process.env['PATH'] ?? ''}`,
      },
    });
    if (run.status === 0) continue;
    const why =
      run.error?.message ?? (run.signal ? `ended by ${run.signal}` : `exit ${String(run.status)}`);
    told.push(`${run.stdout ?? ''}${run.stderr ?? ''}`.trim(), `(${program}: ${why})`);
  }
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${told.length === 0 ? 'ok    ' : 'FAILED'} ${name.padEnd(10)} ${seconds} s`);
  if (told.length > 0) console.log(told.join('\n').replaceAll(/^/gm, '       '));
  return told.length === 0;
}

const { values } = parseArgs({ options: { only: { type: 'string' } } });
const chosen = Object.entries(steps).filter(
  ([name]) => values.only === undefined || name === values.only,
);
if (chosen.length === 0) {
  console.error(`No step '${values.only ?? ''}'; there are: ${Object.keys(steps).join(', ')}`);
  process.exit(2);
}
const failed = chosen.filter(([name, commands]) => !runStep(name, commands));
console.log(`check: ${chosen.length} steps, ${failed.length} failed`);
process.exitCode = failed.length === 0 ? 0 : 1;
