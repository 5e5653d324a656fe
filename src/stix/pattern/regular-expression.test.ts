import { describe, expect, it } from 'vitest';
import { doubtfulExpression } from './regular-expression.ts';

const FINE = [
  '',
  '^.+\\.exe$',
  '(?i)abc',
  '(?P<name>x)\\1',
  '[]abc]',
  '[^]x]',
  '[a\\]b(]',
  'a{2,5}b{3}c{2,}',
  'a{b}{,3}',
  '(ab)*',
  '(a|b)+?',
  'a*+',
  '(a?b{2})*',
  '(?:x{1,3}y)+',
  '\\(',
  'a|b',
];

const DOUBTFUL = [
  ['(', "has a '(' that is not closed"],
  ['a)', "has a ')' without '('"],
  ['[a', "has a '[' that is not closed"],
  ['[]', "has a '[' that is not closed"],
  ['a\\', 'ends with a backslash'],
  ['*a', 'repeats nothing'],
  ['a|+', 'repeats nothing'],
  ['(?*)', 'repeats nothing'],
  ['^{2}', 'repeats nothing'],
  ['(a+)+', 'repeats a repetition, which may be slow'],
  ['((a*)b)*', 'repeats a repetition, which may be slow'],
  ['(a{2,})+', 'repeats a repetition, which may be slow'],
  ['a'.repeat(4097), 'is longer than 4096 characters'],
];

describe('doubtfulExpression', () => {
  it.each(FINE)('passes %s', (source) => {
    expect(doubtfulExpression(source)).toBeUndefined();
  });

  it.each(DOUBTFUL)('doubts %.20s: %s', (source, doubt) => {
    expect(doubtfulExpression(source)).toBe(doubt);
  });
});
