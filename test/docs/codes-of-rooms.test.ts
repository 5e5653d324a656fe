import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { PROBLEMS, type ProblemCode } from '../../src/errors.ts';

const root = join(import.meta.dirname, '../../src');
const ROW = /^ {2}([a-z0-9_]+): \{/gm;

interface Room {
  readonly folder: string;
  readonly codes: readonly string[];
}

const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const rooms: Room[] = globSync('**/codes.ts', { cwd: root }).map((file) => ({
  folder: dirname(file),
  codes: [...read(file).matchAll(ROW)].map(([, code = '']) => code),
}));

function throws(folder: string, code: string): boolean {
  const files = globSync(`${folder}/**/*.ts`, { cwd: root });
  const sources = files.filter((file) => !/(?:\.test|codes)\.ts$/.test(file));
  return sources.some((file) => read(file).includes(`'${code}'`));
}

describe('the closed list of codes', () => {
  it('is one type, of no other text', () => {
    expectTypeOf<'not_found'>().toExtend<ProblemCode>();
    expectTypeOf<'cursor_expired'>().toExtend<ProblemCode>();
    expectTypeOf<'no_such_code'>().not.toExtend<ProblemCode>();
    expectTypeOf<string>().not.toExtend<ProblemCode>();
  });

  it('declares each code once', () => {
    const declared = rooms.flatMap(({ codes }) => codes);
    const general = [...read('errors.ts').matchAll(ROW)].map(([, code = '']) => code);
    expect(rooms.length).toBeGreaterThan(5);
    expect([...declared, ...general].toSorted()).toEqual(Object.keys(PROBLEMS).toSorted());
  });

  it.each(rooms)('has the codes of $folder beside what throws them', ({ folder, codes }) => {
    expect(codes.length).toBeGreaterThan(0);
    expect(codes.filter((code) => !throws(folder, code))).toEqual([]);
  });

  it('gives each code a title and the status of an error', () => {
    for (const [code, { status, title }] of Object.entries(PROBLEMS)) {
      expect(title, code).toMatch(/^[A-Z].*[^.]$/);
      expect(status, code).toBeGreaterThanOrEqual(400);
      expect(status, code).toBeLessThan(600);
    }
  });
});
