import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { nextStep, isContentRefused, type Attempted } from '../../src/deliveries/retry.ts';

const HOUR_MS = 3_600_000;
const nowMs = Date.parse('2025-03-01T12:00:00Z');
const attempted = (changes: Partial<Attempted>): Attempted => ({
  outcome: { status: 500 },
  objects: 10,
  failures: 0,
  refusals: 0,
  failingSinceMs: undefined,
  nowMs,
  random: 0.5,
  ...changes,
});
const longFailing = { failures: 200, failingSinceMs: nowMs - 120 * HOUR_MS };

const delayOf = (changes: Partial<Attempted>): number => {
  const decision = nextStep(attempted(changes));
  if (decision.kind !== 'retry') throw new Error(`expected a retry, got ${decision.kind}`);
  return decision.atMs - nowMs;
};

it.each<[string, Partial<Attempted>, string]>([
  ['200', { outcome: { status: 200 } }, 'delivered'],
  ['204 after days', { outcome: { status: 204 }, ...longFailing }, 'delivered'],
  ['299', { outcome: { status: 299 } }, 'delivered'],
  ['302, which is not followed', { outcome: { status: 302 } }, 'retry'],
  ['400 once', { outcome: { status: 400 } }, 'retry'],
  ['400 after many outages', { outcome: { status: 400 }, failures: 50 }, 'retry'],
  ['400 twice', { outcome: { status: 400 }, failures: 1, refusals: 1, objects: 1 }, 'retry'],
  ['400 three times, ten objects', { outcome: { status: 400 }, refusals: 2 }, 'split'],
  ['422 three times, two objects', { outcome: { status: 422 }, refusals: 2, objects: 2 }, 'split'],
  [
    '422 three times, one object',
    { outcome: { status: 422 }, refusals: 2, objects: 1 },
    'dead_letter',
  ],
  ['400 for days', { outcome: { status: 400 }, refusals: 9, ...longFailing }, 'split'],
  ['401', { outcome: { status: 401 }, refusals: 9, objects: 1 }, 'retry'],
  ['404', { outcome: { status: 404 }, refusals: 9, objects: 1 }, 'retry'],
  ['408', { outcome: { status: 408 } }, 'retry'],
  ['410', { outcome: { status: 410 } }, 'disable'],
  ['413, ten objects', { outcome: { status: 413 } }, 'split'],
  ['413, one object', { outcome: { status: 413 }, objects: 1 }, 'dead_letter'],
  ['429', { outcome: { status: 429 } }, 'retry'],
  ['500', { outcome: { status: 500 } }, 'retry'],
  ['no answer', { outcome: { code: 'egress_timeout' } }, 'retry'],
  ['no answer for 120 h', { outcome: { code: 'egress_connect' }, ...longFailing }, 'disable'],
  ['500 for 120 h', longFailing, 'disable'],
  ['500 for nearly 120 h', { ...longFailing, failingSinceMs: nowMs - 120 * HOUR_MS + 1 }, 'retry'],
])('%s', (_case, changes, kind) => {
  expect(nextStep(attempted(changes)).kind).toBe(kind);
});

it('tells why it disables', () => {
  expect(nextStep(attempted({ outcome: { status: 410 } }))).toEqual({
    kind: 'disable',
    reason: 'gone',
  });
  expect(nextStep(attempted(longFailing))).toEqual({ kind: 'disable', reason: 'failing' });
});

const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

it('waits between half and all of a ceiling that doubles up to an hour', () => {
  fc.assert(
    fc.property(fc.nat({ max: 5_000 }), chance, (failures, random) => {
      const ceiling = Math.min(HOUR_MS, 1_000 * 2 ** Math.min(failures, 40));
      const delay = delayOf({ failures, random });
      expect(delay).toBeGreaterThanOrEqual(ceiling / 2);
      expect(delay).toBeLessThanOrEqual(ceiling);
    }),
  );
});

it('never waits less after more failures, nor past the hour', () => {
  fc.assert(
    fc.property(fc.nat({ max: 5_000 }), chance, (failures, random) => {
      expect(delayOf({ failures: failures + 1, random })).toBeGreaterThanOrEqual(
        delayOf({ failures, random }),
      );
    }),
  );
  expect(delayOf({ failures: 0, random: 0 })).toBe(500);
  expect(delayOf({ failures: 99, random: 0.999_999 })).toBeLessThanOrEqual(HOUR_MS);
});

it.each([
  ['120', 120_000],
  [' 120 ', 120_000],
  ['0', 750],
  ['9999999999', HOUR_MS],
  ['Sat, 01 Mar 2025 12:05:00 GMT', 300_000],
  ['Saturday, 01-Mar-25 12:05:00 GMT', 300_000],
  ['Sat Mar  1 12:05:00 2025', 300_000],
  ['Sat, 01 Mar 2025 11:00:00 GMT', 750],
  ['Sun, 02 Mar 2025 12:00:00 GMT', HOUR_MS],
  ['-5', 750],
  ['1.5', 750],
  ['1e3', 750],
  ['soon', 750],
  ['2025-03-01T12:05:00Z', 750],
  ['', 750],
])('Retry-After: %j', (retryAfter, delay) => {
  for (const status of [429, 503]) expect(delayOf({ outcome: { status, retryAfter } })).toBe(delay);
  expect(delayOf({ outcome: { status: 500, retryAfter } })).toBe(750);
});

it('whatever Retry-After says, waits neither less than without it nor more than an hour', () => {
  fc.assert(
    fc.property(fc.string(), fc.nat(20), chance, (retryAfter, failures, random) => {
      const delay = delayOf({ outcome: { status: 503, retryAfter }, failures, random });
      expect(delay).toBeGreaterThanOrEqual(delayOf({ failures, random }));
      expect(delay).toBeLessThanOrEqual(HOUR_MS);
    }),
  );
});

it('counts 400 and 422 as refusals, and nothing else', () => {
  const statuses = Array.from({ length: 500 }, (_, index) => index + 100);
  expect(statuses.filter((status) => isContentRefused({ status }))).toEqual([400, 422]);
  expect(isContentRefused({ code: 'egress_reset' })).toBe(false);
});
