/**
 * What `npm run check` must refuse, each as the smallest file that offends, and what it must let
 * pass. The self-test lays them on the sample tree.
 */
import { sampleDocument, type Files } from './check-sample.ts';

export interface Case {
  step: string;
  name: string;
  files: Files;
  /** What the step must print; absent: the step must pass. */
  told?: RegExp;
  /** Needs a run of its own, since it changes what the step says about the other cases. */
  alone?: true;
  env?: Record<string, string>;
}

const lines = (...parts: string[]): string => `${parts.join('\n')}\n`;
/** Words that this file may not hold itself. */
const [dash, unknown, todo] = ['-', 'unknown', ['TO', 'DO'].join('')];
const repeat = (count: number, line: (index: number) => string): string[] =>
  Array.from({ length: count }, (_, index) => line(index));

function lint(name: string, path: string, text: string, rule: string): Case {
  const place = path.replaceAll(/[.[\]/]/g, '\\$&');
  const told = new RegExp(`${place}:.*\\(${rule}\\)`);
  return { step: 'lint', name, files: { [path]: text }, told };
}

const branches = repeat(13, (index) => `  if (n === ${index}) return ${index + 1};`);

const lintCases: Case[] = [
  lint(
    'a floating promise',
    'src/log/floating.ts',
    lines(
      'export async function read(): Promise<void> {}',
      'export function go() {',
      '  read();',
      '}',
    ),
    'no-floating-promises',
  ),
  lint(
    'a misused promise',
    'src/log/misused.ts',
    lines(
      'export async function due(): Promise<boolean> {',
      '  return true;',
      '}',
      "export const answer = () => (due() ? 'yes' : 'no');",
      'export const each = [1].forEach(async () => {',
      '  await due();',
      '});',
    ),
    'no-misused-promises',
  ),
  lint(
    'a text with an undefined value in it',
    'src/log/undefined-text.ts',
    'export const actor = (keyId: string | undefined): string => `key ${keyId}`;\n',
    'restrict-template-expressions',
  ),
  lint('any', 'src/log/any.ts', 'export const a: any = 1;\n', 'no-explicit-any'),
  lint(
    'a file of 301 lines',
    'src/log/long-file.ts',
    lines(...repeat(301, (index) => `export const a${index} = ${index};`)),
    'max-lines',
  ),
  lint(
    'a test file of 301 lines',
    'src/log/long-file.test.ts',
    lines(...repeat(301, (index) => `export const a${index} = ${index};`)),
    'max-lines',
  ),
  lint(
    'a function of 51 lines',
    'src/log/long-function.ts',
    lines(
      'export function long(n: number): number {',
      ...repeat(49, () => '  n += 1;'),
      '  return n;',
      '}',
    ),
    'max-lines-per-function',
  ),
  lint(
    'a complexity of 14',
    'src/log/complex.ts',
    lines('export function pick(n: number): number {', ...branches, '  return 0;', '}'),
    'complexity',
  ),
  lint(
    'the console outside commands/',
    'src/log/console.ts',
    "console.log('here');\nexport {};\n",
    'no-console',
  ),
  lint(
    'process.env outside config.ts',
    'src/store/environment.ts',
    "export const url = process.env['DATABASE_URL'];\n",
    'no-process-env',
  ),
  lint(
    'fetch outside egress/',
    'src/feeds/fetch.ts',
    "export const page = await fetch('https://feed.example.org/');\n",
    'no-restricted-globals',
  ),
  lint(
    'the clock in stix/',
    'src/stix/now.ts',
    'export const now = Date.now();\n',
    'no-restricted-properties',
  ),
  lint('a to-do', 'src/log/later.ts', `export {};\n// ${todo}: finish\n`, 'no-warning-comments'),
];

function word(name: string, path: string, text: string, ban: string): Case {
  return { step: 'lint', name, files: { [path]: text }, told: new RegExp(`${ban}: ${path}`) };
}

const wordCases: Case[] = [
  word(
    'a silenced check',
    'src/log/silenced.ts',
    `// oxlint${dash}disable-next-line no-console\nconsole.log(1);\nexport {};\n`,
    'silenced-check',
  ),
  word(
    'a silenced compiler',
    'src/log/compiler.ts',
    `// @ts${dash}expect-error: no\nexport const a: string = 1;\n`,
    'silenced-compiler',
  ),
  word(
    'a forced type',
    'src/log/forced.ts',
    `export const a = 1 as ${unknown} as string;\n`,
    'forced-type',
  ),
  word(
    'process["env"] outside config.ts',
    'src/log/environment.ts',
    "export const a = process['env'];\n",
    'environment-outside-config',
  ),
  word(
    'the environment taken apart',
    'src/log/apart.ts',
    'export const { env } = process;\n',
    'environment-outside-config',
  ),
];

const allowedByLint: Case = {
  step: 'lint',
  name: 'what the lint lets pass',
  alone: true,
  files: {
    'src/commands/tell.ts': "export const tell = () => console.log('listening');\n",
    'src/egress/request.ts': "export const page = fetch('https://feed.example.org/');\n",
    'src/log/three-hundred.ts': lines(
      ...repeat(300, (index) => `export const a${index} = ${index};`),
    ),
    'src/log/fifty.ts': lines(
      'export function long(n: number): number {',
      ...repeat(47, () => '  n += 1;'),
      '  return n;',
      '}',
    ),
    'src/log/long.test.ts': lines(
      "import { describe, expect, it } from 'vitest';",
      "describe('a long list', () => {",
      ...repeat(
        40,
        (index) => `  it('${index}', () => {\n    expect(${index}).toBe(${index});\n  });`,
      ),
      '});',
    ),
  },
};

/** Each lays the same file, so each has a run of its own. */
function openApi(name: string, rule: string, operation: object): Case {
  const text = `${JSON.stringify(sampleDocument(operation))}\n`;
  return {
    step: 'openapi',
    name,
    alone: true,
    files: { 'openapi.yaml': text },
    told: new RegExp(rule),
  };
}

const otherCases: Case[] = [
  {
    step: 'format',
    name: 'a badly formatted file',
    files: { 'src/log/format.ts': 'export const a   = "b"\n' },
    told: /src\/log\/format\.ts/,
  },
  {
    step: 'format',
    name: 'a badly formatted document',
    files: { 'docs/format.md': '*  a\n*  b\n' },
    told: /docs\/format\.md/,
  },
  {
    step: 'types',
    name: 'a type error',
    files: { 'src/log/wrong.ts': "export const a: number = 'b';\n" },
    told: /src\/log\/wrong\.ts.*TS2322/,
  },
  {
    step: 'types',
    name: 'syntax that Node cannot erase',
    files: { 'src/log/enum.ts': 'export enum A {\n  B,\n}\n' },
    told: /src\/log\/enum\.ts.*TS1294/,
  },
  {
    step: 'types',
    name: 'an index taken for granted',
    files: { 'src/log/index-access.ts': 'export const a: number = [1][0];\n' },
    told: /src\/log\/index-access\.ts.*TS2322/,
  },
  {
    step: 'dead-code',
    name: 'an unused file',
    files: { 'src/log/nobody.ts': 'export const a = 1;\n' },
    told: /Unused files[^]*src\/log\/nobody\.ts/,
  },
  {
    step: 'dead-code',
    name: 'an unused export',
    files: {
      'src/stix/id.ts':
        'export function isIdentifier(text: string): boolean {\n  return text.length > 0;\n}\nexport const nobodyAsks = 1;\n',
    },
    told: /Unused exports[^]*nobodyAsks/,
  },
  {
    step: 'dead-code',
    name: 'a package that is not listed',
    files: { 'scripts/generate.ts': "import 'zod';\n" },
    told: /Unlisted dependencies[^]*zod/,
  },
  {
    step: 'dead-code',
    name: 'a package that nobody imports',
    alone: true,
    files: { 'src/store/connect.ts': 'export function connect(): number {\n  return 1;\n}\n' },
    told: /Unused dependencies[^]*pg/,
  },
  {
    step: 'dead-code',
    name: 'a program that is started by its path',
    alone: true,
    files: {
      'src/main.ts': lines(
        "import { fork } from 'node:child_process';",
        "import { serve } from './commands/serve.ts';",
        "import { readPort } from './config.ts';",
        'serve(readPort());',
        "fork(new URL('./commands/receiver.ts', import.meta.url));",
      ),
      'src/commands/receiver.ts': 'console.log(1);\n',
    },
  },
  {
    step: 'openapi',
    name: 'drift of the OpenAPI document',
    files: {
      'scripts/generate.ts': 'process.exitCode = process.argv.includes("--check") ? 1 : 0;\n',
    },
    told: /exit 1/,
  },
  openApi('an operation without an answer for success', 'rule/operation-success-response', {
    responses: { 404: { description: 'No' } },
  }),
  openApi('a parameter that the path does not have', 'path-parameters-defined', {
    parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
  }),
  openApi('an operation without a description', 'operation-description', { description: '' }),
  openApi('an operation under a tag that is not explained', 'operation-tag-defined', {
    tags: ['Nothing'],
  }),
  {
    step: 'openapi',
    name: 'no generator of the OpenAPI document',
    alone: true,
    files: { 'scripts/generate.ts': null },
    told: /Cannot find module/,
  },
];

export const cases: Case[] = [...lintCases, ...wordCases, allowedByLint, ...otherCases];
