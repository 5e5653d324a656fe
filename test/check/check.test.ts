import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crossings } from '../../scripts/check-crossings.ts';
import { cases } from '../../scripts/check-offences.ts';
import { makeSample, type Sample } from '../../scripts/check-sample.ts';

const steps = ['format', 'lint', 'types', 'arrows', 'dead-code', 'openapi'];
const all = [...cases, ...crossings];
const timeoutMs = 30_000;

let sample: Sample;
beforeAll(() => {
  sample = makeSample();
});
afterAll(() => {
  sample.remove();
});

describe.each(steps)('npm run check -- --only %s', (step) => {
  const ofStep = all.filter((one) => one.step === step);
  const together = ofStep.filter((one) => !one.alone);

  it('passes on a sound tree', { timeout: timeoutMs }, () => {
    const { passed, output } = sample.check(step);
    expect(output).toMatch(/0 failed/);
    expect(passed).toBe(true);
  });

  it('tells every offence', { timeout: timeoutMs }, () => {
    const takeAway = sample.lay(Object.assign({}, ...together.map((one) => one.files)));
    const { passed, output } = sample.check(step);
    takeAway();
    const missed = together.filter((one) => !one.told?.test(output)).map((one) => one.name);
    expect(missed, output).toEqual([]);
    expect(passed).toBe(false);
  });

  it.each(ofStep.filter((one) => one.alone))(
    '$name',
    { timeout: timeoutMs },
    ({ files, env, told }) => {
      const takeAway = sample.lay(files);
      const { passed, output } = sample.check(step, env);
      takeAway();
      expect(passed, output).toBe(told === undefined);
      if (told) expect(output).toMatch(told);
    },
  );
});

it('refuses a step that there is not', () => {
  expect(sample.check('nothing').passed).toBe(false);
});
