import { describe, expect, it } from 'vitest';
import { isCharacterSet } from './character-set.ts';

describe('isCharacterSet', () => {
  it.each([
    'UTF-8',
    'utf8',
    'latin1',
    'US-ASCII',
    'ANSI_X3.4-1968',
    'ISO_8859-1:1987',
    'ISO-8859-15',
    'windows-1252',
    'Shift_JIS',
    'EUC-JP',
    'GB18030',
    'IBM037',
    'cp437',
    'KOI8-R',
    'Big5',
    'macintosh',
    'NF_Z_62-010_(1973)',
    'T.61-7bit',
  ])('%s is one', (name) => {
    expect(isCharacterSet(name)).toBe(true);
  });

  it.each([
    'bla.bla.bla',
    '',
    ' UTF-8',
    'UTF-8\n',
    'utf-8; q=1',
    'italian',
    `utf-${'8'.repeat(99)}`,
  ])('%j is none', (name) => {
    expect(isCharacterSet(name)).toBe(false);
  });
});
