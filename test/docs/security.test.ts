import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
/** A test in the table: its file and, if given, its title. */
const NAMED = /`(test\/[\w/.-]+\.test\.ts)`(?:: "([^"]+)")?/g;

/** The tests that a text names and that do not exist. */
async function missing(text: string): Promise<string[]> {
  const found = await Promise.all(
    [...text.matchAll(NAMED)].map(async ([whole, file = '', title = '']) => {
      const source = await readFile(join(ROOT, file), 'utf8').catch(() => undefined);
      // A long title may be written over two lines, or with the other quotes.
      return source?.replaceAll("\\'", "'").includes(title) === true ? [] : [whole];
    }),
  );
  return found.flat();
}

it('docs/security.md names only tests that exist', async () => {
  const text = await readFile(join(ROOT, 'docs/security.md'), 'utf8');
  expect([...text.matchAll(NAMED)].length).toBeGreaterThan(20);
  expect(await missing(text)).toEqual([]);
  const absent = ['no', 'such', 'title'].join(' ');
  const wrong = `\`test/none.test.ts\` and \`test/docs/security.test.ts\`: "${absent}"`;
  expect(await missing(wrong)).toEqual([
    '`test/none.test.ts`',
    `\`test/docs/security.test.ts\`: "${absent}"`,
  ]);
});

it('every row of docs/security.md names a test', async () => {
  const text = await readFile(join(ROOT, 'docs/security.md'), 'utf8');
  const rows = text.split('\n').filter((line) => /^\| (?!class of attack|-)/.test(line));
  expect(rows.length).toBeGreaterThan(20);
  expect(rows.filter((row) => !row.includes('`test/'))).toEqual([]);
});
