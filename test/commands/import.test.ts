/** `tocsin import` and `tocsin validate` read files as the HTTP doors read bodies. */
import { execFile } from 'node:child_process';
import { copyFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, type Actor } from '../support/actors.ts';
import { bundle, indicator, type PostedObject } from '../support/builders.ts';
import { testDirectory } from '../support/cluster.ts';
import { runCommand } from '../support/command.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

const main = join(import.meta.dirname, '../../src/commands/main.ts');

let tocsin: Tocsin;
let ally: Actor;
let directory: string;

beforeAll(async () => {
  tocsin = await startTocsin();
  directory = await testDirectory();
  await copyFile(tocsin.secretFile, join(directory, 'secret'));
  ally = await anActor(tocsin);
});
afterAll(async () => {
  await tocsin.close();
  await rm(directory, { recursive: true });
});

interface Report {
  readonly file: string;
  readonly error?: unknown;
  readonly results?: {
    readonly outcome?: string;
    readonly detail?: string;
    readonly errors?: { readonly detail: string }[];
  }[];
}

/** What a command prints with --json: one report a file. */
async function reports(...args: string[]): Promise<{ code: number; lines: Report[] }> {
  const env = {
    ...process.env,
    DATABASE_URL: tocsin.databaseUrl,
    TOCSIN_SECRET_FILE: join(directory, 'secret'),
  };
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args, '--json'], { env }, (error, out) => {
      const lines = out.split('\n').filter((line) => line.startsWith('{'));
      const code = typeof error?.code === 'number' ? error.code : 0;
      resolve({ code, lines: lines.map((line) => JSON.parse(line) as Report) });
    });
  });
}

async function fileOf(name: string, content: string | Buffer): Promise<string> {
  const file = join(directory, name);
  await writeFile(file, content);
  return file;
}

const named = (name: string): PostedObject => indicator({ name });
const line = (object: object) => JSON.stringify(object);
const twice = (object: object) => line(object).replace('"type"', '"name":"a","name":"b","type"');

describe.each(['import', 'validate'])('tocsin %s', (command) => {
  const run = (...files: string[]) =>
    command === 'import'
      ? reports(command, ...files, '--org', ally.slug)
      : reports(command, ...files);

  it('rejects a file that is not UTF-8, says where, and continues with the others', async () => {
    const text = `{"type": "bundle",\n"objects": [${line(named('Müller'))}]}`;
    const latin = await fileOf('latin.json', Buffer.from(text, 'latin1'));
    const good = await fileOf('good.json', line(bundle([named('Müller')])));
    const { code, lines } = await run(latin, join(directory, 'missing.json'), directory, good);
    expect(code).toBe(1);
    const errors = lines.map(({ error }) => JSON.stringify(error));
    expect(errors[0]).toContain('line 2: the file is not UTF-8');
    expect(errors[1]).toContain('the file does not exist');
    expect(errors[2]).toContain('it is a directory');
    expect(errors[3]).toBeUndefined();
  });

  it.each([
    ['by their name', 'lines.ndjson', 1],
    ['by what they hold', 'lines.json', 2],
  ])('takes one object a line, known %s', async (_, name, count) => {
    const objects = Array.from({ length: count }, () => named('One'));
    const file = await fileOf(name, `${objects.map(line).join('\r\n')}\n\n`);
    const { code, lines } = await run(file);
    expect(code).toBe(0);
    const [report] = lines;
    expect(report?.results?.length).toBe(count);
  });

  it('takes one object by itself', async () => {
    const { code, lines } = await run(await fileOf('bare.json', line(named('Bare'))));
    expect([code, lines[0]?.error]).toEqual([0, undefined]);
  });

  it('counts lines and columns from the beginning of the file', async () => {
    const [first, faulty] = [named('First'), named('Faulty')];
    const text = `{"type": "bundle",\n "objects": [\n${line(first)},\n  ${twice(faulty)}]}`;
    const document = await fileOf('twice.json', text);
    const ndjson = await fileOf('twice.ndjson', `${line(first)}\n\n${twice(faulty)}\n`);
    const { lines } = await run(document, ndjson);
    const details = lines.map(({ results }) =>
      (results?.[1]?.detail ?? results?.[1]?.errors?.[0]?.detail)?.replace(/:.*/, ''),
    );
    expect(details).toEqual(['line 4, column 21', 'line 3, column 19']);
  });
});

it('warns in both of TLP that says no level', async () => {
  const file = await fileOf('tlp.json', line(bundle([indicator({ labels: ['tlp:purple'] })])));
  const imported = await reports('import', file, '--org', ally.slug);
  const validated = await reports('validate', file);
  expect(JSON.stringify(imported.lines)).toContain('tlp_unknown');
  expect(JSON.stringify(validated.lines)).toContain('tlp_unknown');
});

it('reports TLP without a level when it checks, and knows stored definitions', async () => {
  const definition = {
    type: 'marking-definition',
    spec_version: '2.1',
    id: 'marking-definition--0d4b1a0e-3c5e-4f57-9b5d-5f6f4d6d3a11',
    created: '2026-01-01T00:00:00.000Z',
    definition_type: 'statement',
    definition: { statement: 'TLP:GREEN' },
  };
  const object = indicator({ object_marking_refs: [definition.id] });
  const warned = async () => {
    const { body } = await ally.sends('post', '/validate').send(object).expect(200);
    return JSON.stringify(body);
  };
  expect(await warned()).toContain('marking_unknown');
  await ally.shares(definition);
  expect(await warned()).not.toContain('marking_unknown');
  const unclear = indicator({ labels: ['tlp:purple'] });
  const { body } = await ally
    .sends('post', '/validate')
    .send(bundle([unclear]))
    .expect(200);
  expect(JSON.stringify(body)).toContain('tlp_unknown');
});

it('is taken by itself by the door of bundles', async () => {
  const object = indicator();
  const { body } = await ally.sends('post', '/bundles').send(object).expect(200);
  expect(body).toMatchObject({ results: [{ id: object.id, outcome: 'created' }] });
});

describe('prints with --json what REST answers to the same', () => {
  type Thing = Record<string, unknown>;
  const answers = async (path: string, sent: object) => {
    const { body, status } = await ally.sends('post', path).send(sent);
    return { status, body: body as Thing };
  };

  it('import', async () => {
    // Of a pattern that no other test has shared: otherwise it would be a duplicate the first time.
    const one = { ...named('One'), pattern: "[domain-name:value = 'answered.example.com']" };
    const sent = { ...bundle([one, { ...named('Two'), pattern: '[' }]), x_more: 1 };
    const file = await fileOf('answered.json', line(sent));
    const { lines } = await reports('import', file, '--org', ally.slug);
    const { body } = await answers('/bundles', sent);
    const [report] = lines;
    expect(body).toMatchObject({ results: [{ outcome: 'unchanged' }, { outcome: 'rejected' }] });
    const created = { created: 1, updated: 0, unchanged: 0, stale: 0, rejected: 1 };
    const [first, ...rest] = body['results'] as Thing[];
    const results = [{ ...first, outcome: 'created', tlp: 'amber' }, ...rest];
    expect(report).toEqual({ file, ...body, summary: created, results });
  });

  it('validate, and why a file is not a bundle', async () => {
    for (const sent of [bundle([named('One')]), [named('One')]]) {
      const file = await fileOf('checked.json', line(sent));
      const { lines } = await reports('validate', file);
      const { status, body } = await answers('/validate', sent);
      const { code, path, detail, reason } = body;
      const answer = status === 200 ? body : { error: { code, path, detail, reason } };
      expect(lines).toEqual([{ file, ...answer }]);
    }
  });
});

it('import names rejections and warnings in text', async () => {
  const sent = {
    ...bundle([
      { ...named('One'), labels: ['tlp:purple'] },
      { ...named('Two'), pattern: '[' },
    ]),
    x_more: 1,
  };
  const file = await fileOf('text.json', line(sent));
  const env = {
    DATABASE_URL: tocsin.databaseUrl,
    TOCSIN_SECRET_FILE: join(directory, 'secret'),
  };
  const { out } = await runCommand(['import', file, '--org', ally.slug], env);
  expect(out).toMatch(/^\S+text\.json: 1 created, 1 rejected$/m);
  expect(out).toMatch(/^ {2}warning unknown_member \$\.x_more: /m);
  expect(out).toMatch(/^ {2}indicator--\S+: warning tlp_unknown /m);
  expect(out).toMatch(/^ {2}indicator--\S+: rejected pattern_syntax \$\.pattern: /m);
});
