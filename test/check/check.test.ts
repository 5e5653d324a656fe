import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crossings } from '../../scripts/check-crossings.ts';
import { cases } from '../../scripts/check-offences.ts';
import { fingerprintOf, isProven } from '../../scripts/check-proven.ts';
import { makeSample, type Sample } from '../../scripts/check-sample.ts';
import { schemaCases } from '../../scripts/check-schema-offences.ts';
import { writing } from '../../scripts/check-writing.ts';

const steps = ['format', 'lint', 'words', 'types', 'arrows', 'dead-code', 'openapi', 'schema'];
const all = [...cases, ...crossings, ...schemaCases, ...writing];
const timeoutMs = 30_000;
/** Nothing is due while the configuration is the one with which the self-test passed. */
const due = isProven() ? [] : steps;

let sample: Sample;
beforeAll(() => {
  sample = makeSample();
});
afterAll(() => {
  sample.remove();
});

describe.each(due)('npm run check -- --only %s', (step) => {
  const ofStep = all.filter((one) => one.step === step);
  const together = ofStep.filter((one) => !one.alone);

  it('passes on a sound tree', { timeout: timeoutMs }, () => {
    const { passed, output } = sample.check(step);
    expect(output).toMatch(/0 failed/);
    expect(passed).toBe(true);
  });

  it('reports every offence', { timeout: timeoutMs }, () => {
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

it('rejects an unknown step', () => {
  expect(sample.check('nothing').passed).toBe(false);
});

describe('the record of a self-test', () => {
  const before = fingerprintOf({ 'knip.json': '{}', knip: '6.0.0' });

  it.each([
    ['a changed file', { 'knip.json': '{ }', knip: '6.0.0' }],
    ['a new version of a tool', { 'knip.json': '{}', knip: '6.0.1' }],
    ['a new file', { 'knip.json': '{}', knip: '6.0.0', 'scripts/check-new.ts': '' }],
  ])('does not hold for %s', (_, parts) => {
    expect(isProven(before, fingerprintOf(parts))).toBe(false);
  });

  it('holds for the same configuration, also among those of a merge', () => {
    expect(isProven(before, before)).toBe(true);
    expect(isProven(`${'0'.repeat(64)}\n${before}\n`, before)).toBe(true);
  });

  it('is required: without one, the self-test is due', () => {
    expect(isProven('', before)).toBe(false);
  });
});
