import { PassThrough } from 'node:stream';
import { WriteStream } from 'node:tty';
import { styleText } from 'node:util';
import { describe, expect, it } from 'vitest';
import { writeActs } from '../../demo/acts.ts';
import { Screen, wrapped } from '../../demo/screen.ts';
import { BY_HAND } from '../../demo/summary.ts';
import { validation } from '../../src/indicators/validate.ts';
import { drained } from '../../src/stix/steps.ts';

describe('the demo on a terminal', () => {
  it('wraps at words, with the indent of the first line, and leaves colours out of account', () => {
    expect(wrapped('  one two three four', 11)).toBe('  one two\n  three\n  four');
    expect(wrapped('a verylongword b', 6)).toBe('a\nverylongword\nb');
    const red = styleText('red', 'one two', { validateStream: false });
    expect(wrapped(`${red} three`, 13)).toBe(`${red} three`);
    expect(wrapped('one two', Number.POSITIVE_INFINITY)).toBe('one two');
  });

  it('says what it waits for, and wraps nothing, where it is not a terminal', async () => {
    const stream = new PassThrough({ encoding: 'utf8' });
    const screen = new Screen(stream as PassThrough & Partial<WriteStream> as WriteStream);
    const work = Promise.resolve(7);
    expect(await screen.during('Tocsin', 'starting the server', work)).toBe(7);
    screen.about('Tocsin', 'word '.repeat(60).trim());
    const said = String(stream.read());
    expect(said).toMatch(/^ {3}Tocsin +.*starting the server …/);
    expect(said.trimEnd().split('\n')).toHaveLength(2);
  });
});

describe('what the demo posts', () => {
  const now = new Date('2026-11-01T00:00:00Z');
  const warningsOf = (objects: readonly unknown[]) =>
    drained(validation(null, objects, { now })).results.flatMap((one) => [
      ...one.errors,
      ...one.warnings,
    ]);

  it('causes no warnings', () => {
    const author = 'identity--7d0f6f0e-53e8-4f0c-9d5e-2f3f9f1f8a11';
    for (const { shared } of writeActs(author)) {
      expect(warningsOf(shared.map(({ indicator }) => indicator))).toEqual([]);
    }
    const byHand = BY_HAND.join('').slice(1, -1);
    expect(warningsOf([JSON.parse(byHand)])).toEqual([]);
  });
});
