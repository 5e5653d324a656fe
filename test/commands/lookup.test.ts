/** `tocsin lookup` answers what REST answers. */
import { spawn } from 'node:child_process';
import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LookupResult } from '../../src/stix/lookup/results.ts';
import { anActor, type Actor } from '../support/actors.ts';
import { indicator, malware, relationship } from '../support/builders.ts';
import { testDirectory } from '../support/cluster.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

const main = join(import.meta.dirname, '../../src/commands/main.ts');

let tocsin: Tocsin;
let alice: Actor;
let bob: Actor;
let directory: string;

beforeAll(async () => {
  tocsin = await startTocsin();
  directory = await testDirectory();
  await copyFile(tocsin.secretFile, join(directory, 'secret'));
  [alice, bob] = [await anActor(tocsin), await anActor(tocsin)];
  const listed = indicator({ pattern: "[domain-name:value = 'a.example.com']" });
  const worm = malware({ name: 'Worm' });
  await alice.shares([listed, worm, relationship(listed.id, worm.id)]);
  const hidden = indicator({ pattern: "[domain-name:value = 'b.example.com']" });
  await alice.shares(hidden, { audience: alice.slug });
});
afterAll(async () => {
  await tocsin.close();
  await rm(directory, { recursive: true });
});

async function run(args: readonly string[], input = '') {
  const env = {
    ...process.env,
    DATABASE_URL: tocsin.databaseUrl,
    TOCSIN_SECRET_FILE: join(directory, 'secret'),
  };
  const child = spawn(process.execPath, [main, 'lookup', ...args], { env });
  child.stdin.end(input);
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { out, err };
}

it('prints with --json what REST answers, for arguments and lines of standard input', async () => {
  const { out } = await run(
    ['hxxp://a[.]example.com/x', '-', '--org', bob.slug, '--json'],
    'b.example.com\n\n198.51.100.7\n',
  );
  const printed = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as LookupResult);
  const values = ['hxxp://a[.]example.com/x', 'b.example.com', '198.51.100.7'];
  const { body } = await bob.sends('post', '/lookup').send({ values });
  expect(printed).toEqual((body as { results: unknown }).results);
  expect(printed.map(({ verdict }) => verdict)).toEqual(['malicious', 'unknown', 'unknown']);
});

it('says in words what matches, and what it is related to', async () => {
  const { out } = await run(['http://a.example.com/', 'b.example.com', '--org', bob.slug]);
  expect(out).toContain('http://a.example.com/ (url http://a.example.com/): malicious\n');
  expect(out).toContain('  host a.example.com, sole, active, TLP:AMBER, shared by 1: Beacon\n');
  expect(out).toContain('    related to malware Worm\n');
  expect(out).toContain('b.example.com (domain-name b.example.com): unknown\n');
});

it('is recorded as a disclosure', async () => {
  await run(['a.example.com', '--org', bob.slug]);
  const rows = await tocsin.sql(
    `select d.objects::integer > 0 as given from disclosure d join organisation o on o.id = d.organisation_id
     where o.slug = $1 and d.reader = 'lookup' and d.door = 'lookup'`,
    [bob.slug],
  );
  expect(rows).toEqual([{ given: true }]);
});

it('refuses ways of matching that do not exist', async () => {
  const { err } = await run(['a.example.com', '--org', bob.slug, '--match', 'sounds']);
  expect(err).toContain('Use a list of exact, hash');
});
