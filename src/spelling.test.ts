import { expect, it } from 'vitest';
import { didYouMean, nearestName } from './spelling.ts';

const KNOWN = ['labels', 'lang', 'name', 'valid_from', 'valid_until', 'audience'];

it.each([
  ['lable', 'labels'],
  ['Labels', 'labels'],
  ['valid_form', 'valid_from'],
  ['valid-from', 'valid_from'],
  ['auidence', 'audience'],
  ['nmae', 'name'],
])('%s: did you mean %s', (name, meant) => {
  expect(nearestName(name, KNOWN)).toBe(meant);
  expect(didYouMean(name, KNOWN)).toBe(` Did you mean \`${meant}\`?`);
});

it.each(['', 'x', 'xyz', 'score', 'title', `labels${'s'.repeat(64)}`])('%j means none', (name) => {
  expect(nearestName(name, KNOWN)).toBeUndefined();
  expect(didYouMean(name, KNOWN)).toBe('');
});

it('compares with no name that is too long', () => {
  expect(nearestName('labels', ['labels'.repeat(20)])).toBeUndefined();
});
