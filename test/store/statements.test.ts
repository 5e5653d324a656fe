import { fileURLToPath } from 'node:url';
import pg from 'pg';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testDatabaseUrl } from '../support/database.ts';
import { faultsOf } from './prepare.ts';
import { collectStatements, type Collection, type Statement } from './statements.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const STORE = `${ROOT}src/store/`;
/** Its program compiles all of src/store. */
const PATIENCE_MS = 180_000;

/** What a file of the store must not do, each with what is said of it. */
const MADE_UP = `${STORE}made-up.ts`;
const OFFENCES: [name: string, code: string, told: RegExp][] = [
  [
    'a column that is not there',
    'await tx.$executeRaw`delete from worker where uid = ${id}::uuid`;',
    /"uid" does not exist/,
  ],
  [
    'a table that is not there',
    'await tx.$executeRaw`delete from workers`;',
    /"workers" does not exist/,
  ],
  [
    'a column within a fragment',
    'await tx.$queryRaw`select ${WRONG} from worker`;',
    /"sean_at" does not exist/,
  ],
  [
    'a branch that is not always taken',
    "await tx.$executeRaw`delete from worker where true ${id === '' ? WHERE : Prisma.empty}`;",
    /"nobody" does not exist/,
  ],
  [
    'a condition that may be left out',
    "await tx.$queryRaw`select from worker where ${all(id === '' ? undefined : LEFT_OUT)}`;",
    /"omitted" does not exist/,
  ],
  [
    'a function with other arguments',
    'await tx.$queryRaw`select delete_user(1)`;',
    /delete_user\(integer\) does not exist/,
  ],
  [
    'a column that its rows do not have',
    'await tx.$queryRaw<{ id: string }[]>`select id, seen_at from worker`;',
    /column seen_at is not in the type/,
  ],
  [
    'a column that is not returned',
    'await tx.$queryRaw<{ id: string; seen: Date }[]>`select id from worker`;',
    /it returns no column seen/,
  ],
  [
    'a column of another type',
    'await tx.$queryRaw<{ id: number }[]>`select id from attempt`;',
    /id is bigint for PostgreSQL, and number in TypeScript/,
  ],
  [
    'a null',
    'await tx.$queryRaw<{ detail: string }[]>`select detail from attempt`;',
    /detail may be null/,
  ],
  [
    'a parameter of another type',
    'await tx.$executeRaw`delete from worker where seen_at < ${1}`;',
    /\$1 is Date for PostgreSQL, and number in TypeScript/,
  ],
  [
    'a right that its role lacks',
    'await tx.$queryRaw`select content from version`;',
    /tocsin_server: permission denied for table version/,
  ],
];
const UNSEEN = `
export function hidden(tx: ServerTx, query: Prisma.Sql) {
  const run = tx.$queryRaw;
  return [run\`select 1\`, tx.$executeRaw(build(query))];
}
const build = (query: Prisma.Sql): Prisma.Sql => [query].map((one) => one)[0] ?? query;
export const idle = Prisma.sql\`select from nowhere\`;`;
const MADE_UP_TEXT = `
import { Prisma } from './generated/client.ts';
import { all } from './postgres/conditions.ts';
import type { ServerTx } from './postgres/transaction.ts';
const WRONG = Prisma.sql\`sean_at\`;
const WHERE = Prisma.sql\`and nobody\`;
const LEFT_OUT = Prisma.sql\`omitted\`;
${OFFENCES.map(([, code], index) => `export async function f${index}(tx: ServerTx, id: string) {\n  ${code}\n}`).join('\n')}
${UNSEEN}`;

/**
 * Columns that may be null for the table, and not where a statement reads them, by the file and column.
 * Communities and groups have slugs (a check constraint of audience); exercises have times (one of realm).
 */
const NEVER_NULL_HERE = new Set([
  'content/audiences.ts slug',
  'members/agreements.ts community',
  'members/communities.ts slug',
  'members/groups.ts slug',
  'members/group-invitations.ts group',
  'members/realms.ts from',
  'members/realms.ts until',
  'members/realms.ts id',
]);

let client: pg.Client;
let store: Collection;
let madeUp: Collection;

function compile(): ts.Program {
  const config = ts.readConfigFile(`${ROOT}tsconfig.json`, (path) => ts.sys.readFile(path));
  const { options, fileNames } = ts.parseJsonConfigFileContent(config.config, ts.sys, ROOT);
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (path) => path === MADE_UP || fileExists(path);
  host.readFile = (path) => (path === MADE_UP ? MADE_UP_TEXT : readFile(path));
  host.getSourceFile = (path, version, ...rest) =>
    path === MADE_UP
      ? ts.createSourceFile(path, MADE_UP_TEXT, version, true)
      : getSourceFile(path, version, ...rest);
  const files = fileNames.filter((path) => path.startsWith(STORE) && !path.endsWith('.test.ts'));
  return ts.createProgram([...files, MADE_UP], options, host);
}

beforeAll(async () => {
  client = new pg.Client({ connectionString: await testDatabaseUrl() });
  await client.connect();
  const program = compile();
  const isOurs = (path: string): boolean =>
    path.startsWith(STORE) && !path.startsWith(`${STORE}generated/`) && path !== MADE_UP;
  store = collectStatements(program, isOurs);
  madeUp = collectStatements(program, (path) => path === MADE_UP);
}, PATIENCE_MS);
afterAll(() => client.end());

function fileOf({ at }: Statement): string {
  return at.replace(/^src\/store\/(.*):\d+$/, '$1');
}

describe('every raw statement of the store', () => {
  it('is found, with every fragment that it is put together from', () => {
    expect(store.problems).toEqual([]);
    const places = new Set(store.statements.map(({ at }) => at));
    expect(places.size).toBeGreaterThan(100);
    const text = ts.sys
      .readDirectory(STORE, ['.ts'], ['generated', '**/*.test.ts'])
      .map((path) => ts.sys.readFile(path) ?? '')
      .join('\n');
    // Where it is not called, it would not be found.
    expect(text.match(/\.\$(?:query|execute)Raw\w*(?=[<`(])/g)).toHaveLength(places.size);
    expect(text.match(/\$(?:query|execute)Raw/g)).toHaveLength(places.size);
  });

  it('fits the migrated schema: its names, parameters, rows and rights', async () => {
    const faults: string[] = [];
    for (const statement of store.statements) {
      for (const fault of await faultsOf(client, statement)) {
        const column = /column (\w+) may be null/.exec(fault)?.[1];
        if (!NEVER_NULL_HERE.has(`${fileOf(statement)} ${column ?? ''}`)) faults.push(fault);
      }
    }
    expect(faults).toEqual([]);
  });

  it('that may not be null where its column may is one that is still there', async () => {
    const excused = new Set<string>();
    for (const statement of store.statements) {
      for (const fault of await faultsOf(client, statement)) {
        const column = /column (\w+) may be null/.exec(fault)?.[1];
        if (column !== undefined) excused.add(`${fileOf(statement)} ${column}`);
      }
    }
    expect([...excused].toSorted()).toEqual([...NEVER_NULL_HERE].toSorted());
  });
});

describe('every file of the store with a raw statement', () => {
  it('says why it is not left to the typed client', () => {
    const silent = ts.sys
      .readDirectory(STORE, ['.ts'], ['generated', '**/*.test.ts'])
      .filter((path) => {
        const text = ts.sys.readFile(path) ?? '';
        const isRaw = /\.\$(?:query|execute)Raw/.test(text);
        return isRaw !== /^\/\/ SQL, not the typed client: .{10,}\.$/m.test(text);
      });
    expect(silent).toEqual([]);
  });
});

describe('the check of raw statements', () => {
  it.each(OFFENCES.map(([name, , told], index) => ({ name, told, index })))(
    'sees $name',
    async ({ told, index }) => {
      const line = MADE_UP_TEXT.split('\n').findIndex((text) =>
        text.includes(`function f${index}(`),
      );
      const ours = madeUp.statements.filter(({ at }) => at.endsWith(`:${line + 2}`));
      expect(ours.length).toBeGreaterThan(0);
      const faults: string[] = [];
      for (const statement of ours) faults.push(...(await faultsOf(client, statement)));
      expect(faults.join('\n')).toMatch(told);
    },
  );

  it('says what it cannot see: a text from elsewhere, and a fragment in no statement', () => {
    expect(madeUp.problems).toEqual([
      expect.stringMatching(/cannot tell the text of \[query\]\.map/),
      expect.stringMatching(/no statement contains this fragment/),
    ]);
    expect(madeUp.statements.some(({ sql }) => sql === 'select 1')).toBe(false);
  });
});
