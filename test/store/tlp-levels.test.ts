import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TLP_ORDER, tlpRank } from '../../src/stix/marking/tlp.ts';
import { testDatabaseUrl } from '../support/database.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A level as a bare number, compared with or given to what bears its name. */
const BARE = [
  /\b\w*(?:tlp|ceiling)\w*["')]*(?:::\w+)?\s*(?:[<>]=?|<>|={1,3}|!==?|:|\?\?|in \(|between)\s*[0-4]\b(?![\d.])/i,
  /\b(?:RED|AMBER|STRICT|GREEN|CLEAR)\w*\s*(?::\s*\w+)?\s*=\s*[0-4]\b/,
  /\bcase\b.*[^\w]tlp[^\w].*\b(?:when|then|else) [0-4]\b/i,
  /[Tt]lp\w* : [0-4]\b/,
];

function bareLevels(path: string, text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.replace(/(?:--|\/\/|\/?\*).*/, ''))
    .flatMap((line, index) =>
      BARE.some((bare) => bare.test(line)) ? [`${path}:${index + 1}: ${line.trim()}`] : [],
    );
}

/** Where it is said what the numbers are. */
const NAMED = /(?:\d_tlp_level\/migration\.sql|definitions\/tlp\.sql|marking\/tlp\.ts)$/;

describe('a TLP level', () => {
  let client: pg.Client;
  beforeAll(async () => {
    client = new pg.Client({ connectionString: await testDatabaseUrl() });
    await client.connect();
  });
  afterAll(() => client.end());

  it.each(TLP_ORDER)('has one rank in SQL and TypeScript: %s', async (tlp) => {
    const name = `tlp_${tlp.replace('+', '_')}`;
    const { rows } = await client.query(`select ${name}()::integer as rank`);
    expect(rows).toEqual([{ rank: tlpRank(tlp) }]);
  });

  it('is a constant in a plan, by its name', async () => {
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(
      'explain select from version where tlp = tlp_red()',
    );
    expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toMatch(/tlp.* = '4'::smallint/);
  });

  it('is a bare number nowhere', () => {
    const files = [
      ...ts.sys.readDirectory(`${ROOT}src`, ['.ts'], ['**/generated/**', '**/*.test.ts']),
      ...ts.sys.readDirectory(`${ROOT}prisma`, ['.sql'], ['**/schema.sql']),
    ].filter((path) => !NAMED.test(path));
    expect(files.length).toBeGreaterThan(100);
    expect(files.flatMap((path) => bareLevels(path, readFileSync(path, 'utf8')))).toEqual([]);
  });

  it.each([
    'where v.tlp = 4',
    '(tlp < 4 or cleared)',
    'tlp smallint check (tlp between 0 and 4)',
    'and tlp::smallint <= 3',
    'case v.tlp when 4 then 4 else 0 end',
    'default_tlp smallint default 2, check (default_tlp in (0, 4))',
    'const own = { ...viewer, ceiling: 4 };',
    'if (from.tlp === 4) return;',
    'const RED = 4;',
    'tlpAtLeast = 0,',
    'isUnclear ? defaultTlp : 0',
  ])('would be found: %s', (line) => {
    expect(bareLevels('x', line)).toHaveLength(1);
  });
});
