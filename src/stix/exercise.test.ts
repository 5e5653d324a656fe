import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkObject } from './check/check.ts';
import { EXERCISE_EXTENSION, exerciseOf, markedFor, unmarked } from './exercise.ts';
import { changedExample, EXAMPLES } from './example-objects.ts';
import type { StixObject } from './object.ts';

const exercise = { realm: 'quiet-harbour', name: 'Quiet Harbour 2027' };

describe('the mark of an exercise', () => {
  it.each(Object.keys(EXAMPLES))(
    'can be added to a %s, which stays valid, and removed without a trace',
    (type) => {
      const object = changedExample(type, {}) as StixObject;
      const marked = markedFor(exercise, object);
      expect(exerciseOf(marked)).toBe('quiet-harbour');
      expect(checkObject(marked)).toMatchObject({ ok: true });
      expect(unmarked(marked)).toEqual(object);
      expect(markedFor(exercise, marked)).toEqual(marked);
    },
  );

  it('is not on what bears none', () => {
    for (const value of [
      null,
      7,
      'x',
      [],
      {},
      { extensions: null },
      { extensions: { other: {} } },
    ]) {
      expect(exerciseOf(value)).toBeUndefined();
      expect(unmarked(value)).toBe(value);
    }
  });

  it.each([7, null, {}, { realm: 7 }])('is one even when it names none: %j', (mark) => {
    expect(exerciseOf({ extensions: { [EXERCISE_EXTENSION]: mark } })).toBe('');
  });

  it('is defined in docs/exercises.md as STIX wants it', () => {
    const page = readFileSync(new URL('../../docs/exercises.md', import.meta.url), 'utf8');
    const blocks = [...page.matchAll(/^```json\n([\s\S]*?)^```$/gm)].map(([, text = '']) => text);
    const definition: unknown = JSON.parse(blocks.at(-1) ?? '');
    expect(definition).toMatchObject({ id: EXERCISE_EXTENSION, type: 'extension-definition' });
    expect(checkObject(definition)).toMatchObject({ ok: true, warnings: [] });
  });
});
