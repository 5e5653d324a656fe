import { describe, expect, it } from 'vitest';
import { Problem } from '../errors.ts';
import { parseCompact } from './compact.ts';
import { SearchFilter } from './filter.ts';

function faultOf(text: string): string {
  try {
    parseCompact(text);
  } catch (error) {
    if (error instanceof Problem)
      return `${error.code} ${String(error.extra['column'])} ${error.message}`;
    throw error;
  }
  return 'none';
}

describe('the text form of a filter', () => {
  it('parses to the one schema', () => {
    const { filter } = parseCompact(
      'type:indicator label:c2 label:"data theft" confidence>=70 in:198.51.100.0/24 phase:delivery "cobalt strike" beacon',
    );
    expect(SearchFilter.parse(filter)).toEqual({
      types: ['indicator'],
      labels: ['c2', 'data theft'],
      confidence_min: 70,
      in_networks: ['198.51.100.0/24'],
      kill_chain_phases: ['delivery'],
      text: ['cobalt strike', 'beacon'],
    });
  });

  it.each([
    ['', {}],
    ['   ', {}],
    ['confidence:50', { confidence_min: 50, confidence_max: 50 }],
    [
      'posted>=2026-01-31 posted<=2026-02-01',
      { posted_since: '2026-01-31', posted_until: '2026-02-01' },
    ],
    ['creator:cert-a', { producers: ['cert-a'] }],
    ['group:g community:c', { audiences: ['g', 'c'] }],
    ['LABEL:c2', { labels: ['c2'] }],
    [String.raw`"a \"b\" \\"`, { text: [String.raw`a "b" \\`.replace(String.raw`\\`, '\\')] }],
    ['"label:c2"', { text: ['label:c2'] }],
    ['198.51.100.7:443', { text: ['198.51.100.7:443'] }],
    ['.*[a-z]+', { text: ['.*[a-z]+'] }],
  ])('reads %s', (text, filter) => {
    expect(parseCompact(text).filter).toEqual(filter);
  });

  it.each([
    [
      'label:c2 lable:x',
      'search_syntax 10 Column 10: unknown field `lable`. Did you mean `label`?',
    ],
    ['https://a.example', 'search_syntax 1 Column 1: unknown field `https`.'],
    ['"cobalt', 'search_syntax 1 Column 1: this quote is not closed.'],
    ['label:', 'search_syntax 7 Column 7: a value is missing here'],
    ['label: c2', 'search_syntax 7 Column 7: a value is missing here'],
    ['label>=c2', 'search_syntax 6 Column 6: `label` is not compared'],
    ['confidence>70', 'search_syntax 11 Column 11: write `confidence>=` or `confidence<=`'],
    ['posted:2026-01-01', 'search_syntax 7 Column 7: write `posted>=` or `posted<=`'],
    ['confidence>=1 confidence>=2', 'search_syntax 15 Column 15: `confidence>=` is given twice'],
    ['ab"c"', 'search_syntax 3 Column 3: put a blank between two parts'],
    [`a${'b'.repeat(4000)}`, 'search_syntax 4000 Column 4000: the text is longer than 4000'],
  ])('points at the column of a fault: %s', (text, fault) => {
    expect(faultOf(text)).toContain(fault);
  });

  it('says where each value begins, for what the schema finds', () => {
    const { columns } = parseCompact('label:a  label:b confidence>=7 xyz');
    expect([...columns]).toEqual([
      ['labels[0]', 7],
      ['labels', 7],
      ['labels[1]', 16],
      ['confidence_min', 30],
      ['text[0]', 32],
      ['text', 32],
    ]);
  });

  it('reads any text, or points into it', () => {
    const pieces = ['label', ':', '>=', '"', '\\', ' ', 'a', '\u0000', '\ud800', '😀', '(', '%'];
    for (let seed = 1; seed < 3000; seed++) {
      let state = seed;
      let text = '';
      while (state > 0) {
        text += pieces[state % pieces.length] ?? '';
        state = Math.floor(state / 5);
      }
      const [code, column] = faultOf(text).split(' ');
      if (code === 'none') continue;
      expect(code).toBe('search_syntax');
      expect(Number(column)).toBeLessThanOrEqual(text.length + 1);
    }
  });
});

describe('the schema of filters', () => {
  it.each([
    [{ confidence_min: 80, confidence_max: 20 }, 'confidence_max'],
    [{ posted_since: '2026-02-01', posted_until: '2026-01-01' }, 'posted_until'],
    [{ in_networks: ['0.0.0.0/0'] }, 'in_networks.0'],
    [{ in_networks: ['::/0'] }, 'in_networks.0'],
    [{ in_networks: ['example.com'] }, 'in_networks.0'],
    [{ text: ['ab'] }, 'text.0'],
    [{ text: ['a\u0000b'] }, 'text.0'],
    [{ text: ['abc\ud800'] }, 'text.0'],
    [{ techniques: ['phishing'] }, 'techniques.0'],
    [{ related_to: ['malware'] }, 'related_to.0'],
    [{ posted_since: 'yesterday' }, 'posted_since'],
    [{ posted_since: '2026-02-30' }, 'posted_since'],
    [{ posted_since: '99999-01-01' }, 'posted_since'],
    [{ types: ['indicater'] }, 'types.0'],
    [{ labels: Array.from({ length: 101 }, (_, i) => `l${i}`) }, 'labels'],
  ])('rejects %j', (filter, path) => {
    const { error } = SearchFilter.safeParse(filter);
    expect(error?.issues[0]?.path.join('.')).toBe(path);
  });

  it('has a limit for all fields together', () => {
    const labels = Array.from({ length: 100 }, (_, i) => `l${i}`);
    const filter = { labels, indicator_types: labels, pattern_types: labels };
    expect(SearchFilter.safeParse(filter).success).toBe(true);
    expect(SearchFilter.safeParse({ ...filter, text: ['abc'] }).success).toBe(false);
  });

  it('brings values into the form in which objects are found', () => {
    const filter = {
      in_networks: ['198[.]51.100.7/24'],
      under_domains: ['Evil[.]example.'],
      techniques: ['t1566.001'],
    };
    expect(SearchFilter.parse(filter)).toEqual({
      in_networks: ['198.51.100.0/24'],
      under_domains: ['evil.example'],
      techniques: ['T1566.001'],
    });
  });
});
