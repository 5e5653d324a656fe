import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundle, indicator, malware } from '../support/builders.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const realData = process.env['TOCSIN_REAL_DATA'] ?? join(root, '../shared/data');
const good = indicator({ pattern: "[domain-name:value = 'www.example.net']" });
const { name: _, ...nameless } = malware({ is_family: true });
let directory: string;

interface Ran {
  readonly code: number;
  readonly out: string;
}

/** Runs `tocsin validate` in the directory of the files. */
function validate(args: readonly string[], cwd = directory): Promise<Ran> {
  const command = [join(root, 'bin/tocsin.js'), 'validate', ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, command, { cwd, maxBuffer: 2 ** 26 }, (error, out) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out }),
    );
  });
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tocsin-validate-'));
  const doubtful = indicator({ pattern: "[url:value = 'hxxps://www.example.net/']" });
  const files = {
    'good.json': JSON.stringify(bundle([good])),
    'bare.json': JSON.stringify(good),
    'mixed.json': JSON.stringify(bundle([good, { ...nameless, is_family: 'yes' }, doubtful])),
    'future.json': JSON.stringify({ ...good, modified: '9000-01-01T00:00:00.000Z' }),
    'broken.json': '{"type": "bundle",}',
    'list.json': JSON.stringify([good]),
    'old.xml': '<stix:STIX_Package version="1.2"/>',
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe('tocsin validate', () => {
  it('leaves with 0 where all is good, and with 1 where something is not', async () => {
    expect((await validate(['good.json', 'bare.json'])).code).toBe(0);
    for (const file of ['mixed.json', 'broken.json', 'list.json', 'old.xml', 'missing.json']) {
      expect([file, (await validate([file, 'good.json'])).code]).toEqual([file, 1]);
    }
  });

  it('says what is wrong object by object, and ends with a table of the files', async () => {
    const { out } = await validate(['mixed.json', 'broken.json', 'old.xml']);
    expect(out).toContain(`mixed.json: ${nameless.id}: error wrong_type $.is_family`);
    expect(out).toMatch(/mixed\.json: indicator--\S+: warning defanged_value \$\.pattern: /);
    expect(out).toContain('broken.json: invalid_json $: line 1');
    expect(out).toContain('old.xml: stix1_xml');
    expect(out.split('\n').slice(-5)).toEqual([
      'objects  valid  invalid  warnings  file',
      '      3      2        1         1  mixed.json',
      '      -      -        -         -  broken.json: invalid_json',
      '      -      -        -         -  old.xml: stix1_xml',
      '',
    ]);
  });

  it('warns of a version in the future, by the clock of the machine', async () => {
    const { code, out } = await validate(['future.json']);
    expect(code).toBe(0);
    expect(out).toMatch(/future\.json: \S+: warning modified_in_future \$\.modified: /);
  });

  it('ends without an error when the reader of its output has seen enough', async () => {
    const files = Array.from({ length: 3000 }, () => 'good.json');
    const child = spawn(
      process.execPath,
      [join(root, 'bin/tocsin.js'), 'validate', '--json', ...files],
      { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const errors = child.stderr.toArray();
    child.stdout.once('data', () => child.stdout.destroy());
    const [code] = (await once(child, 'exit')) as [number | null];
    expect([code, Buffer.concat(await errors).toString()]).toEqual([0, '']);
  });

  it('gives one JSON object a file on request', async () => {
    const { out } = await validate(['--json', 'good.json', 'list.json']);
    const reports = out
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    expect(reports).toEqual([
      {
        file: 'good.json',
        bundle: expect.stringMatching(/^bundle--/),
        summary: { objects: 1, valid: 1, invalid: 0, warnings: 0 },
        results: [
          { index: 0, id: good.id, type: 'indicator', valid: true, errors: [], warnings: [] },
        ],
      },
      {
        file: 'list.json',
        error: expect.objectContaining({ code: 'invalid_bundle', reason: 'not_a_bundle' }),
      },
    ]);
  });
});

describe.skipIf(!existsSync(join(realData, 'stix21')))('over all of the real data', () => {
  it('says of each file what it has always said', async () => {
    const files = globSync('{stix21,stix20,odd}/**/*.*', { cwd: realData }).toSorted();
    const { code, out } = await validate(['--quiet', ...files], realData);
    expect(code).toBe(1);
    await expect(out).toMatchFileSnapshot('validate-real-data.txt');
    const expected = await readFile(new URL('validate-real-data.txt', import.meta.url), 'utf8');
    expect(expected.trim().split('\n')).toHaveLength(1 + files.length);
  });
});
