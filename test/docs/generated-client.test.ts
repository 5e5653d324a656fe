import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import openapiTypescript, { astToString } from 'openapi-typescript';
import { afterAll, beforeAll, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const COMPILER = join(ROOT, 'node_modules/typescript/bin/tsc');

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tocsin-client-'));
  const document = pathToFileURL(join(ROOT, 'openapi.yaml'));
  await writeFile(join(directory, 'api.ts'), astToString(await openapiTypescript(document)));
  await symlink(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** What the TypeScript compiler says of a client that is written against the generated types. */
async function compile(name: string, code: string): Promise<string> {
  const file = join(directory, `${name}.ts`);
  await writeFile(file, `import type { paths } from './api.ts';\n${code}`);
  const options = ['--strict', '--noEmit', '--allowImportingTsExtensions', '--skipLibCheck'];
  const modules = ['--module', 'nodenext', '--target', 'es2023', '--types', 'node'];
  const run = spawnSync(process.execPath, [COMPILER, ...options, ...modules, file], {
    cwd: directory,
    encoding: 'utf8',
  });
  return run.stdout;
}

const TYPES = `
type Post<P extends keyof paths> = paths[P] extends {
  post: { requestBody: { content: { 'application/json': infer Body } } };
} ? Body : never;
export type Indicator = Post<'/api/v1/indicators'>;
export type Bundle = Post<'/api/v1/bundles'>;
type Optional = paths['/api/v1/keys/{id}/rotate']['post'];
`;

const INDICATOR = `{
  type: 'indicator', spec_version: '2.1',
  id: 'indicator--2b9d6f0a-6f0a-4c57-9d3c-0a1d7b5c3e11',
  created: '2026-11-02T08:15:00.000Z', modified: '2026-11-02T08:15:00.000Z',
  name: 'Beacon', confidence: 85, valid_until: '2026-12-02T08:15:00Z',
  object_marking_refs: ['marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb'],
  external_references: [{ source_name: 'ticket', external_id: '7' }],
  pattern: "[domain-name:value = 'beacon.example.com']", pattern_type: 'stix',
  valid_from: '2026-11-02T08:15:00Z', x_own: { of: 'the sender' },
}`;

it('a generated client builds the bodies that are posted', { timeout: 120_000 }, async () => {
  const code = `${TYPES}
export const indicator: Indicator = ${INDICATOR};
export const bundle: Bundle = { type: 'bundle', id: 'bundle--1', objects: [indicator] };
const read: { name?: string; confidence?: number; valid_until?: string; object_marking_refs?: string[] } =
  indicator;
export const optional: Optional['requestBody'] = undefined;
export const keys: Post<'/api/v1/keys'> = { role: 'feed' };
export const subscription: Post<'/api/v1/subscriptions'> = {
  url: 'https://siem.example.org/', filter: { confidence_min: 50 },
};
console.log(read);
`;
  expect(await compile('client', code)).toBe('');
});

it('and sees what is wrong with one', { timeout: 120_000 }, async () => {
  const code = `${TYPES}
export const indicator: Indicator = { ...${INDICATOR}, confidence: 'high' };
export const key: Post<'/api/v1/keys'> = { role: 'reader' };
export const refs: string = ({} as Indicator).object_marking_refs;
`;
  const told = await compile('wrong', code);
  expect(told.match(/error TS\d+/g)).toHaveLength(3);
});
