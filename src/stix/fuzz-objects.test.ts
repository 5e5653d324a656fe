/**
 * Spoilt objects of every type: nothing throws, hangs, changes what it was given or the world around
 * it. TOCSIN_FUZZ_FACTOR multiplies the number of cases (200,000 in all the fuzz tests at 1).
 */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { adviceOn } from './check/advice.ts';
import { contentHash } from './json/canonical.ts';
import { checkObject } from './check/check.ts';
import { contentKey } from './content-key.ts';
import { examineCustom } from './check/custom.ts';
import { EXAMPLES } from './example-objects.ts';
import { mutated, within } from '../../test/support/fuzz.ts';
import { liftObjects } from './lift/lift.ts';
import type { StixObject } from './object.ts';
import { observablesOf } from './observables.ts';
import { isPlainIndicator } from './check/plain-indicator.ts';
import { OBJECT_TYPES } from './schema/registry.ts';
import { markedBy } from './marking/marking.ts';
import { versionOf } from './version.ts';

const factor = Number(process.env['TOCSIN_FUZZ_FACTOR'] ?? 1);
const TIMEOUT_MS = 240_000 * Math.max(1, factor);

/** Everything that the server does with an object it was given. */
function exercise(object: unknown): void {
  const before = JSON.stringify(object);
  const checked = checkObject(object);
  expect(JSON.stringify(object)).toBe(before);
  for (const { code, path, detail } of checked.warnings) {
    expect(code !== '' && path.startsWith('$') && detail !== '').toBe(true);
  }
  liftObjects([object], '2.0').objects.forEach(checkObject);
  if (!checked.ok) {
    expect(checked.errors.length).toBeGreaterThan(0);
    return;
  }
  expect(checked.object).toBe(object);
  contentHash(object);
  markedBy(checked.object, new Map());
  versionOf(checked.object);
  observablesOf(checked.object);
  contentKey(checked.object);
}

/** What the short way for plain indicators says must be what the long way says. */
function bothWaysAgree(object: unknown): boolean {
  if (!isPlainIndicator(object)) return false;
  const type = OBJECT_TYPES.get('indicator');
  expect(type?.schema.safeParse(object).success).toBe(true);
  expect(adviceOn(object)).toEqual([]);
  expect(examineCustom(object, type?.properties ?? new Set(), false)).toEqual({
    errors: [],
    warnings: [],
  });
  return true;
}

function realObjects(): StixObject[] {
  const root =
    process.env['TOCSIN_REAL_DATA'] ??
    fileURLToPath(new URL('../../../shared/data', import.meta.url));
  if (!existsSync(root)) return [];
  return globSync('{stix21,stix20}/**/*.{json,stix2}', { cwd: root }).flatMap((file) => {
    const value = JSON.parse(readFileSync(`${root}/${file}`, 'utf8')) as { objects?: StixObject[] };
    return (value.objects ?? []).filter((_, index) => index % 10 === 0);
  });
}

describe('objects', () => {
  const examples = Object.values(EXAMPLES);

  it(
    'spoilt in one to three places',
    () => {
      const corpus = [...examples, ...examples, ...realObjects()];
      for (let seed = 0; seed < 120_000 * factor; seed += 1) {
        const spoilt = mutated(corpus[seed % corpus.length], seed);
        within(() => exercise(spoilt));
        bothWaysAgree(spoilt);
      }
      expect(Object.keys(Object.prototype)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    'plain indicators with one property of the wrong or the right kind',
    () => {
      const indicator = { ...EXAMPLES['indicator'] };
      for (const name of ['lang', 'external_references', 'granular_markings'])
        delete indicator[name];
      expect(isPlainIndicator(indicator)).toBe(true);
      let plain = 0;
      for (let seed = 0; seed < 30_000 * factor; seed += 1) {
        if (bothWaysAgree(mutated(indicator, seed))) plain += 1;
      }
      expect(plain).toBeGreaterThan(500 * factor);
    },
    TIMEOUT_MS,
  );

  it('anything that is JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        within(() => exercise(value));
        exercise({ ...EXAMPLES['file'], extensions: value });
        exercise({ ...EXAMPLES['indicator'], granular_markings: value });
      }),
      { numRuns: 3000 * factor },
    );
  });
});
