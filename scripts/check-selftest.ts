/**
 * `node scripts/check-selftest.ts [text]`: proves that each check can fail, with one offence in each run
 * (only those whose name contains the text). The tests in test/check/ do the same in batches, which is
 * faster. If all cases pass, it records that, and the tests skip theirs until the configuration changes.
 */
import { crossings } from './check-crossings.ts';
import { cases } from './check-offences.ts';
import { recordProof } from './check-proven.ts';
import { makeSample } from './check-sample.ts';
import { writing } from './check-writing.ts';
import { schemaCases } from './check-schema-offences.ts';

const [wanted = ''] = process.argv.slice(2);
const sample = makeSample();
let wrong = 0;

try {
  for (const { name, step, files, told, env } of [
    ...cases,
    ...crossings,
    ...schemaCases,
    ...writing,
  ]) {
    if (!name.includes(wanted)) continue;
    const takeAway = sample.lay(files);
    const { passed, output } = sample.check(step, env);
    takeAway();
    const right = told ? !passed && told.test(output) : passed;
    if (!right) wrong += 1;
    console.log(
      `${right ? 'ok    ' : 'FAILED'} ${step}: ${name} is ${passed ? 'let pass' : 'refused'}`,
    );
    if (!right) console.log(output);
  }
} finally {
  sample.remove();
}
if (wrong === 0 && wanted === '') recordProof();
console.log(`self-test: ${wrong} wrong`);
process.exitCode = wrong === 0 ? 0 : 1;
