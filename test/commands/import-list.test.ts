/** `tocsin import` of plain lists. */
import { execFile } from 'node:child_process';
import { copyFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor } from '../support/actors.ts';
import { indicator } from '../support/builders.ts';
import { testDirectory } from '../support/cluster.ts';
import { aHost, ListClient, type ValueResult } from '../support/lists.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

const main = join(import.meta.dirname, '../../src/commands/main.ts');

let tocsin: Tocsin;
let cert: ListClient;
let directory: string;

beforeAll(async () => {
  tocsin = await startTocsin();
  directory = await testDirectory();
  await copyFile(tocsin.secretFile, join(directory, 'secret'));
  cert = new ListClient(await anActor(tocsin));
});
afterAll(async () => {
  await tocsin.close();
  await rm(directory, { recursive: true });
});

interface Report {
  readonly error?: { readonly code: string };
  readonly columns?: unknown;
  readonly summary?: Readonly<Record<string, number>>;
  readonly results?: readonly ValueResult[];
}

function run(...args: string[]): Promise<{ code: number; text: string }> {
  const env = {
    ...process.env,
    DATABASE_URL: tocsin.databaseUrl,
    TOCSIN_SECRET_FILE: join(directory, 'secret'),
  };
  const all = [main, 'import', ...args, '--org', cert.actor.slug];
  return new Promise((resolve) => {
    execFile(process.execPath, all, { env }, (error, text) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, text });
    });
  });
}

async function reports(...args: string[]): Promise<{ code: number; lines: Report[] }> {
  const { code, text } = await run(...args, '--json');
  const lines = text.split('\n').filter((line) => line.startsWith('{'));
  return { code, lines: lines.map((line) => JSON.parse(line) as Report) };
}

async function fileOf(name: string, content: string | Buffer): Promise<string> {
  const file = join(directory, name);
  await writeFile(file, content);
  return file;
}

describe('tocsin import', () => {
  it('shares lists by their names, with the context of its options', async () => {
    const [one, two] = [aHost(), aHost()];
    const table = await fileOf('list.csv', `IoC;Note;Level\n${one};a;green\n`);
    const text = await fileOf('list.txt', `# list\n${two}\n`);
    const options = ['--labels', 'c2,x', '--valid-until', '2030-01-31', '--columns', 'Level:tlp'];
    const { code, lines } = await reports(table, text, ...options);
    expect(code).toBe(0);
    expect(lines.map(({ summary }) => summary?.['created'])).toEqual([1, 1]);
    expect(lines[0]?.columns).toEqual([
      { name: 'IoC', field: 'value' },
      { name: 'Note', field: 'description' },
      { name: 'Level', field: 'tlp' },
    ]);
    expect(lines[0]?.results?.[0]).toMatchObject({ line: 2, value: one, tlp: 'green' });
    const id = lines[1]?.results?.[0]?.id ?? '';
    expect(await cert.stored(id)).toMatchObject({
      labels: ['c2', 'x'],
      valid_until: '2030-01-31T00:00:00Z',
    });
    // REST and the command make the same indicator.
    const again = await cert.text(two, { labels: 'c2,x', valid_until: '2030-01-31' });
    expect(again.body).toMatchObject({ results: [{ id, outcome: 'unchanged' }] });
  });

  it('shows a table of what was understood in a dry run, and stores nothing', async () => {
    const host = aHost();
    const defanged = host.replace('.', '[.]');
    const file = await fileOf('dry.txt', `${defanged}:8443\nnothing\n`);
    const { code, text } = await run(file, '--dry-run');
    expect(code).toBe(1);
    expect(text).toContain('1 created, 1 rejected');
    expect(text).toMatch(
      new RegExp(
        `1  ${defanged.replaceAll(/[[\].]/g, '\\$&')}:8443  domain-name ${host} port 8443  created`,
      ),
    );
    expect(text).toContain('rejected value_not_recognised');
    expect((await reports(file)).lines[0]?.summary?.['created']).toBe(1);
  });

  it('says what is wrong with a list, and continues with the others', async () => {
    const latin = await fileOf('latin.csv', Buffer.from('value\nbücher.example\n', 'latin1'));
    const missing = join(directory, 'missing.txt');
    const good = await fileOf('good.txt', aHost());
    const { code, lines } = await reports(latin, missing, good);
    expect(code).toBe(1);
    expect(lines.map(({ error }) => error?.code)).toEqual(['not_utf8', 'unreadable', undefined]);
    const wrong = await reports(good, '--tlp', 'purple');
    expect(wrong.lines[0]?.error?.code).toBe('invalid_request');
  });

  it('reads objects in a text file as before', async () => {
    const file = await fileOf('objects.txt', `${JSON.stringify(indicator())}\n`);
    const { lines } = await reports(file);
    expect(lines[0]).toMatchObject({ bundle: null, summary: { created: 1 } });
  });
});
