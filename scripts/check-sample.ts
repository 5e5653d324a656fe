/**
 * A small tree in a temporary folder, with this project's own check settings and scripts, that every
 * step of `npm run check` passes: the ground on which the self-test lays its offences.
 */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** File texts by their path from the root of the sample; null is a file that is not there. */
export type Files = Record<string, string | null>;

export interface Sample {
  /** Writes files; returns what takes them away again. */
  lay(files: Files): () => void;
  /** Runs one step as `npm run check -- --only <step>` does. */
  check(step: string, env?: Record<string, string>): { passed: boolean; output: string };
  remove(): void;
}

const project = fileURLToPath(new URL('..', import.meta.url));

const copied = [
  '.oxlintrc.json',
  '.prettierrc.json',
  '.prettierignore',
  '.dependency-cruiser.cjs',
  'knip.json',
  'redocly.yaml',
  '.spectral.yaml',
  'cspell.json',
  '.cspell',
  'tsconfig.json',
  'scripts/check.ts',
  'scripts/check-arrows.ts',
  'scripts/check-words.ts',
  'scripts/check-prose.ts',
  'scripts/prose-pieces.ts',
  'scripts/prose-rules.ts',
];

const sound: Files = {
  'bin/tocsin.js': "import '../src/main.ts';\n",
  'scripts/generate.ts': 'process.exitCode = 0;\n',
  'scripts/generate-schema.ts': 'process.exitCode = 0;\n',
  'openapi.yaml': `${JSON.stringify(sampleDocument())}\n`,
  'src/main.ts':
    "import { serve } from './commands/serve.ts';\nimport { readPort } from './config.ts';\n\nserve(readPort());\n",
  'src/config.ts':
    "export function readPort(): number {\n  return Number(process.env['PORT'] ?? 8080);\n}\n",
  'src/commands/serve.ts': [
    "import { makeApp } from '../http/app.ts';",
    "import { connect } from '../store/connect.ts';",
    '',
    'export function serve(port: number): void {',
    '  console.log(port, connect(), makeApp());',
    '}',
    '',
  ].join('\n'),
  'src/http/app.ts': [
    "import fastify from 'fastify';",
    "import { objects } from './doors.ts';",
    '',
    'export function makeApp(): boolean {',
    '  return objects(fastify());',
    '}',
    '',
  ].join('\n'),
  'src/http/doors.ts': "export { objects } from './rest/objects.ts';\n",
  'src/http/rest/objects.ts': [
    "import type { FastifyInstance } from 'fastify';",
    "import { isIdentifier } from '../../stix/id.ts';",
    '',
    'export function objects(app: FastifyInstance): boolean {',
    '  return isIdentifier(app.version);',
    '}',
    '',
  ].join('\n'),
  'src/store/connect.ts': [
    "import { Pool } from 'pg';",
    '',
    'export function connect(): number {',
    '  return new Pool().totalCount;',
    '}',
    '',
  ].join('\n'),
  'src/stix/id.ts': [
    "import { createHash } from 'node:crypto';",
    '',
    'export function isIdentifier(text: string): boolean {',
    "  return createHash('sha256').update(text).digest('hex').length === 64;",
    '}',
    '',
  ].join('\n'),
};

const sampleDependencies = new Set(['fastify', 'pg', '@types/node', '@types/pg', 'typescript']);

function manifest(): string {
  const real = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'));
  const kept = (group: Record<string, string>) =>
    Object.fromEntries(Object.entries(group).filter(([name]) => sampleDependencies.has(name)));
  const { name, type, bin } = real;
  const dependencies = kept(real.dependencies);
  const devDependencies = {
    ...kept(real.devDependencies),
    prettier: real.devDependencies.prettier,
  };
  return `${JSON.stringify({ name, type, bin, dependencies, devDependencies }, null, 2)}\n`;
}

function write(root: string, files: Files): void {
  for (const [path, text] of Object.entries(files)) {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    if (text === null) rmSync(file, { force: true });
    else writeFileSync(file, text);
  }
}

/** Each of the paths as it is in the sound tree. */
function soundly(paths: string[]): Files {
  return Object.fromEntries(paths.map((path) => [path, sound[path] ?? null]));
}

export function makeSample(): Sample {
  const root = mkdtempSync(join(tmpdir(), 'tocsin-check-'));
  for (const path of copied) cpSync(join(project, path), join(root, path), { recursive: true });
  write(root, { ...sound, 'package.json': manifest() });
  symlinkSync(join(project, 'node_modules'), join(root, 'node_modules'));
  return {
    lay(files) {
      write(root, files);
      return () => write(root, soundly(Object.keys(files)));
    },
    check(step, env = {}) {
      const run = spawnSync(process.execPath, ['scripts/check.ts', '--only', step], {
        cwd: root,
        encoding: 'utf8',
        env: { ...process.env, ...env },
      });
      return { passed: run.status === 0, output: `${run.stdout}${run.stderr}` };
    },
    remove() {
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** An OpenAPI document that both linters pass; `operation` is laid over its one operation. */
export function sampleDocument(operation: object = {}): object {
  const answer = { description: 'It answers' };
  const get = {
    operationId: 'getHealth',
    summary: 'Check that it answers',
    description: 'Whether the process answers',
    tags: ['Operations'],
    security: [],
    responses: { 200: answer, 400: answer },
    ...operation,
  };
  const tags = [{ name: 'Operations', description: 'For operators' }];
  const license = { name: 'Apache-2.0', identifier: 'Apache-2.0' };
  const contact = { name: 'The operator' };
  const info = { title: 'Sample', version: '1', description: 'A sample', license, contact };
  return { openapi: '3.1.0', info, servers: [{ url: '/' }], tags, paths: { '/healthz': { get } } };
}
