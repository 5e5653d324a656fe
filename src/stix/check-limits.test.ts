import { describe, expect, it } from 'vitest';
import { checkObject } from './check.ts';
import type { Checked } from './check.ts';
import { changedExample } from './example-objects.ts';

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

  it('nested at most 64 deep', () => {
    expect(errorsOf(checkObject(changedExample('identity', { x_own: deep })))).toEqual([
      'object_too_large $',
    ]);
  });

  it('a long payload is no trouble', () => {
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
    '%j is no base64',
    (text) => {
      const errors = errorsOf(checkObject(changedExample('artifact', { payload_bin: text })));
      if (text === '') expect(errors).toEqual([]);
      else expect(errors).toEqual(['invalid_base64 $.payload_bin']);
    },
  );
});
