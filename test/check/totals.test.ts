import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

const program = join(import.meta.dirname, '../../scripts/check-totals.ts');
const sound = {
  numPassedTests: 7,
  numFailedTests: 0,
  numPendingTests: 2,
  numTodoTests: 1,
  testResults: [{ name: 'a.test.ts', status: 'passed', assertionResults: [{}] }],
};
const unloaded = { name: 'b.test.ts', status: 'failed', assertionResults: [] };
const green = 'ok     format     0.4 s\ncheck: 6 steps, 0 failed\n';

interface Run {
  name: string;
  log?: string;
  checkStatus?: number;
  tests?: string;
  testStatus?: number;
  line: string;
}

const runs: Run[] = [
  { name: 'all is well', line: '7 passed, 0 failed, 3 skipped' },
  {
    name: 'two steps failed',
    log: 'check: 6 steps, 2 failed\n',
    checkStatus: 1,
    line: '7 passed, 2 failed, 3 skipped',
  },
  {
    name: 'the check broke off',
    log: 'ok',
    checkStatus: 137,
    line: '7 passed, 1 failed, 3 skipped',
  },
  { name: 'the check said nothing', log: '', line: '7 passed, 1 failed, 3 skipped' },
  {
    name: 'three tests failed',
    tests: JSON.stringify({ ...sound, numPassedTests: 4, numFailedTests: 3 }),
    testStatus: 1,
    line: '4 passed, 3 failed, 3 skipped',
  },
  {
    name: 'a file could not be loaded',
    tests: JSON.stringify({ ...sound, testResults: [unloaded] }),
    testStatus: 1,
    line: '7 passed, 1 failed, 3 skipped',
  },
  { name: 'an error outside any test', testStatus: 1, line: '7 passed, 1 failed, 3 skipped' },
  {
    name: 'the report was cut off',
    tests: '{"num',
    testStatus: 1,
    line: '0 passed, 1 failed, 0 skipped',
  },
  {
    name: 'no test ran',
    tests: JSON.stringify({ ...sound, numPassedTests: 0 }),
    line: '0 passed, 1 failed, 3 skipped',
  },
];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tocsin-totals-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

it.each(runs)('$name: $line', ({ name, log, checkStatus, tests, testStatus, line }) => {
  const path = join(folder, name);
  writeFileSync(`${path}.log`, log ?? green);
  writeFileSync(`${path}.json`, tests ?? JSON.stringify(sound));
  const checks = ['--check-log', `${path}.log`, '--check-status', `${checkStatus ?? 0}`];
  const tested = ['--tests', `${path}.json`, '--test-status', `${testStatus ?? 0}`];
  const run = spawnSync(process.execPath, [program, ...checks, ...tested], { encoding: 'utf8' });
  expect(run.stdout).toBe(`${line}\n`);
  expect(run.status).toBe(line.includes(' 0 failed') ? 0 : 1);
});
