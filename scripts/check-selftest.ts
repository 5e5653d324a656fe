/**
 * `node scripts/check-selftest.ts [text]`: proves that each check can fail, one offence a run (those
 * whose name holds the text). The test under test/check/ lays them in batches, which is quicker.
 */
import { crossings } from './check-crossings.ts';
import { cases } from './check-offences.ts';
import { makeSample } from './check-sample.ts';

const [wanted = ''] = process.argv.slice(2);
const sample = makeSample();
let wrong = 0;

try {
  for (const { name, step, files, told, env } of [...cases, ...crossings]) {
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
console.log(`self-test: ${wrong} wrong`);
process.exitCode = wrong === 0 ? 0 : 1;
