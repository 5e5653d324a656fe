import { describe, expect, it } from 'vitest';
import { splitObjects, type BundleLimits } from './split.ts';
import { parseObject, readSplit } from './text.ts';
import type { Steps } from '../steps.ts';

const LIMITS: BundleLimits = { objectsMax: 1000, valuesMax: 10_000 };

/** Does all steps and counts them. */
function counted<T>(steps: Steps<T>): { value: T; steps: number } {
  for (let count = 0; ; count += 1) {
    const { done, value } = steps.next();
    if (done === true) return { value, steps: count };
  }
}

const split = (text: string, limits = LIMITS) => counted(splitObjects(text, limits));
const bundleOf = (objects: string) => `{"type":"bundle","objects":[${objects}]}`;
const list = (element: string, count: number) => Array(count).fill(element).join(',');

describe('the work on a bundle goes in steps', () => {
  const object = `{"type":"indicator","name":"${'a'.repeat(500)}"}`;

  it('whose number grows with the text', () => {
    const one = bundleOf(list(object, 1000));
    const { value, steps } = split(one);
    expect(steps).toBeGreaterThan(one.length / 200_000);
    if (value === undefined) throw new Error('no list');
    expect(counted(readSplit(value)).steps).toBeGreaterThan(one.length / 200_000);
  });

  it('one for each object that needs a closer look', () => {
    const { value } = split(bundleOf(list('{"a":1,"a":2}', 1000)));
    if (value === undefined) throw new Error('no list');
    expect(counted(readSplit(value)).steps).toBeGreaterThanOrEqual(1000);
  });
});

describe('what a bundle may hold is counted before any of it is read', () => {
  it('objects', () => {
    expect(split(bundleOf(list('{}', 1000))).value?.batches).toHaveLength(1);
    const refusal = { code: 'bundle_too_large', path: '$.objects' };
    expect(() => split(bundleOf(list('{}', 1001)))).toThrow(expect.objectContaining(refusal));
    // Not even whether it is JSON.
    expect(() => split(bundleOf(list('{"a":}', 1001)))).toThrow(expect.objectContaining(refusal));
  });

  it('values in all of them', () => {
    const refusal = expect.objectContaining({ code: 'too_many_values' });
    expect(() => split(bundleOf(`{"x":[${list('1', 20_000)}]}`))).toThrow(refusal);
    expect(() => split(bundleOf(list('[[],[],[],{},{}]', 1000)))).not.toThrow();
    expect(() => split(bundleOf(list('[[],[],[],{},{},[],[],[]]', 1000)))).toThrow(refusal);
  });

  it('what is around them', () => {
    const refusal = expect.objectContaining({ code: 'body_too_large' });
    const blanks = ' '.repeat(7 * 1024 * 1024);
    for (const text of [
      `{"type":"bundle",${blanks}"objects":[1]}`,
      `{"type":"bundle","objects":[1]${blanks}}`,
      `{"type":"bundle"${blanks}}`,
    ]) {
      expect(() => split(text)).toThrow(refusal);
    }
  });

  it('values around them', () => {
    const { value } = split(`{"x":[${list('1', 200_000)}],"objects":[1]}`);
    if (value === undefined) throw new Error('no list');
    const refusal = expect.objectContaining({ code: 'too_many_values' });
    expect(() => counted(readSplit(value))).toThrow(refusal);
  });

  it('values of each object: others are read', () => {
    const bad = `{"id":"a","x":[${list('1', 200_000)}]}`;
    const large = `{"x":"${'a'.repeat(7 * 1024 * 1024)}"}`;
    const valuesMax = 1_000_000;
    const text = bundleOf(`1,${bad},2,${large},3`);
    const { value } = split(text, { ...LIMITS, valuesMax });
    if (value === undefined) throw new Error('no list');
    const { objects } = counted(readSplit(value)).value as { objects: unknown[] };
    expect(objects).toMatchObject([
      1,
      { code: 'too_many_values', path: '$', id: undefined },
      2,
      { code: 'object_too_large', path: '$' },
      3,
    ]);
    expect(parseObject(bad)).toMatchObject({ code: 'too_many_values', id: undefined });
  });
});

it('reads half a million lines before an error in the time of a few', () => {
  // Once, the lines before a fault were put into a list.
  const text = bundleOf(`${'\n'.repeat(500_000)}{]`);
  const { value } = split(text);
  if (value === undefined) throw new Error('no list');
  const place = /^line 500001, column 2: /;
  expect(() => counted(readSplit(value))).toThrow(
    expect.objectContaining({ code: 'invalid_json', detail: expect.stringMatching(place) }),
  );
});
