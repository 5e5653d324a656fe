/**
 * The last line of `.ci/run`: `N passed, N failed, N skipped`, out of what `npm run check` printed and
 * what vitest reported. Leaves with 1 if anything failed, or if no test ran.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  /** A file that could not be loaded has failed, and holds no test that could say so. */
  testResults: { name: string; status: string; assertionResults: unknown[] }[];
}

interface Totals {
  passed: number;
  failed: number;
  skipped: number;
}

/** Steps that failed; a check that ended without its own last line counts as one. */
function failedChecks(log: string, status: number): number {
  const told = /^check: \d+ steps, (\d+) failed$/m.exec(log)?.[1];
  return Math.max(Number(told ?? 0), status === 0 && told !== undefined ? 0 : 1);
}

/** A run that failed counts at least one failed, and so does one in which no test passed. */
function countTests(report: Report | undefined, status: number): Totals {
  if (report === undefined) return { passed: 0, failed: 1, skipped: 0 };
  const unloaded = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  ).length;
  const passed = report.numPassedTests;
  const failed = report.numFailedTests + unloaded;
  return {
    passed,
    failed: Math.max(failed, status === 0 && passed > 0 ? 0 : 1),
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** What is in a file, read by `parse`; undefined where it is missing or was cut off. */
function read<T>(path: string, parse: (text: string) => T): T | undefined {
  try {
    return parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

const { values } = parseArgs({
  options: {
    'check-log': { type: 'string', default: '' },
    'check-status': { type: 'string', default: '1' },
    tests: { type: 'string', default: '' },
    'test-status': { type: 'string', default: '1' },
  },
});
const report = read<Report>(values.tests, (text) => JSON.parse(text));
const log = read(values['check-log'], String) ?? '';
const tests = countTests(report, Number(values['test-status']));
const checks = failedChecks(log, Number(values['check-status']));
const failed = tests.failed + checks;
console.log(`${tests.passed} passed, ${failed} failed, ${tests.skipped} skipped`);
process.exitCode = failed === 0 ? 0 : 1;
