import { describe, expect, it } from 'vitest';
import { parseObject } from '../bundle/text.ts';
import { checkObject } from './check.ts';
import type { Checked } from './check.ts';
import { changedExample } from '../example-objects.ts';
import { OBJECT_REFERENCES_MAX } from './object-size.ts';

const errorsOf = (checked: Checked): string[] =>
  checked.ok ? [] : checked.errors.map(({ code, path }) => `${code} ${path}`);
const labels = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `label ${index}`);

const withLabels = (count: number) =>
  checkObject(changedExample('indicator', { labels: labels(count) }));

describe('what costs too much', () => {
  let deep: unknown = 'x';
  for (let depth = 0; depth < 5000; depth += 1) deep = [deep];

  it('an object has at most 20,000 values', () => {
    expect(withLabels(19_900).ok).toBe(true);
    expect(errorsOf(withLabels(20_001))).toEqual(['object_too_large $']);
  });

  const withReferences = (count: number) =>
    checkObject(
      changedExample('report', {
        object_refs: Array.from(
          { length: count },
          (_, index) => `indicator--8e2e2d2b-17d4-4cbf-938f-${String(index).padStart(12, '0')}`,
        ),
      }),
    );

  it('a report has at most 100,000 references, which do not count as values', () => {
    expect(withReferences(OBJECT_REFERENCES_MAX).ok).toBe(true);
    const more = withReferences(OBJECT_REFERENCES_MAX + 1);
    expect(more).toMatchObject({
      errors: [{ detail: 'the object has 100001 references; the limit is 100000' }],
    });
  });

  it('the text of such a report is read, one of as many short values is not', () => {
    const refs = Array.from(
      { length: OBJECT_REFERENCES_MAX },
      () => `indicator--${'0'.repeat(36)}`,
    );
    expect(parseObject(JSON.stringify({ object_refs: refs }))).toEqual({ object_refs: refs });
    const ones = JSON.stringify({ x_list: refs.map(() => 1) });
    expect(parseObject(ones)).toMatchObject({ code: 'too_many_values' });
  });

  it('nested at most 64 deep', () => {
    expect(errorsOf(checkObject(changedExample('identity', { x_own: deep })))).toEqual([
      'object_too_large $',
    ]);
  });

  it('a long payload is accepted', () => {
    const payload = 'A'.repeat(4 * 1024 * 1024);
    expect(checkObject(changedExample('artifact', { payload_bin: payload })).ok).toBe(true);
    const errors = errorsOf(
      checkObject(changedExample('artifact', { payload_bin: `${payload}=A==` })),
    );
    expect(errors).toEqual(['invalid_base64 $.payload_bin']);
    expect(
      checkObject(changedExample('file', { magic_number_hex: '00'.repeat(1_000_000) })).ok,
    ).toBe(true);
  });

  it.each(['A', 'AA=', 'AAA=A', 'AA=A', '=AAA', 'AA==AAAA', 'AAA', 'A===', 'AA A'])(
    '%j is not base64',
    (text) => {
      const errors = errorsOf(checkObject(changedExample('artifact', { payload_bin: text })));
      if (text === '') expect(errors).toEqual([]);
      else expect(errors).toEqual(['invalid_base64 $.payload_bin']);
    },
  );
});
