import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createProgram } from '../../src/commands/program.ts';
import { removeTestDirectory, testDirectory } from '../support/cluster.ts';
import { runCommand } from '../support/command.ts';
import { freshDatabaseUrl } from '../support/database.ts';
import { query } from '../support/tocsin-process.ts';

let directory: string;
beforeEach(async () => {
  directory = await testDirectory();
});
afterEach(() => removeTestDirectory(directory));

/** These create an installation, need none, or describe what is there. */
const WITHOUT = new Set(['serve', 'restore', 'validate', 'doctor']);
const DATE = '2130-01-01';
const VALUES: Readonly<Record<string, string>> = {
  '--before': DATE,
  '--from': DATE,
  '--until': '2131-01-01',
  '--email': 'someone@example.org',
  '<id>': '0123456789ab',
  '<admission>': 'direct',
};

/** Every command that needs an installation, with arguments that it accepts. */
function commandLines(command: Command, path: readonly string[] = []): string[][] {
  if (command.commands.length > 0) {
    return command.commands.flatMap((inner) => commandLines(inner, [...path, inner.name()]));
  }
  if (WITHOUT.has(path.join(' '))) return [];
  const values = command.registeredArguments.map((argument) => {
    const isNumber = argument.parseArg !== undefined;
    return isNumber ? '1' : (VALUES[`<${argument.name()}>`] ?? 'slug');
  });
  const options = command.options
    .filter(({ mandatory }) => mandatory)
    .flatMap(({ long, argChoices }) => [
      String(long),
      VALUES[String(long)] ?? argChoices?.[0] ?? 'slug',
    ]);
  return [[...path, ...values, ...options]];
}

describe('a command where no server has ever run', () => {
  const lines = commandLines(createProgram());

  it('covers the commands of every noun', () => {
    expect(new Set(lines.map(([noun]) => noun))).toEqual(
      new Set(
        createProgram()
          .commands.map((one) => one.name())
          .filter((name) => !WITHOUT.has(name)),
      ),
    );
  });

  it.each(lines)('creates nothing, says so and fails: %s %s', async (...args) => {
    const dataDir = join(directory, 'none');
    const ran = await runCommand(args.filter(Boolean), { TOCSIN_DATA_DIR: dataDir });
    expect(ran).toEqual({
      code: args.join(' ') === 'audit verify' ? 2 : 1,
      out: '',
      err: expect.stringMatching(
        /^tocsin: .*There is no Tocsin installation in .*none: the directory does not exist\. Set TOCSIN_DATA_DIR.*"tocsin serve"\.\n$/,
      ),
    });
    expect(await readdir(directory)).toEqual([]);
  });

  it('says what an existing directory holds, and leaves it alone', async () => {
    const settings = { TOCSIN_DATA_DIR: directory };
    expect((await runCommand(['org', 'list'], settings)).err).toMatch(/: it is empty\. /);
    expect(await readdir(directory)).toEqual([]);
    await mkdir(join(directory, 'photos'));
    await writeFile(join(directory, 'notes'), '');
    expect((await runCommand(['org', 'list'], settings)).err).toMatch(
      /: it contains 2 other files\. /,
    );
    expect((await readdir(directory)).toSorted()).toEqual(['notes', 'photos']);
  });

  it.each([['serve'], ['status'], ['migrate'], ['org', 'list']])(
    'says that TOCSIN_DATA_DIR is a file: %s',
    async (...args) => {
      await writeFile(join(directory, 'notes'), '');
      for (const name of ['notes', join('notes', 'below')]) {
        const dataDir = join(directory, name);
        const ran = await runCommand(args, { TOCSIN_DATA_DIR: dataDir, PORT: '0' });
        expect(ran).toEqual({
          code: 1,
          out: '',
          err: `tocsin: ${dataDir}, or a directory above it, is a file. Set TOCSIN_DATA_DIR to a directory.\n`,
        });
      }
    },
  );

  it.each([
    ['nothing', 'ENOENT'],
    ['photos', 'It is not a file'],
  ])('says that a backup is missing before it asks for the secret: %s', async (name, why) => {
    await mkdir(join(directory, 'photos'));
    const file = join(directory, name);
    for (const args of [[], ['--verify']]) {
      const settings = { TOCSIN_DATA_DIR: join(directory, 'none') };
      const ran = await runCommand(['restore', file, ...args], settings);
      expect([ran.code, ran.out]).toEqual([1, '']);
      expect(ran.err).toContain(`tocsin: Cannot read the backup ${file}: ${why}`);
    }
    expect(await readdir(directory)).toEqual(['photos']);
  });

  it('creates nothing in an empty database of the operator either', async () => {
    const url = await freshDatabaseUrl({ migrated: false });
    const secret = join(directory, 'secret');
    await writeFile(secret, 'ab'.repeat(32));
    const settings = { DATABASE_URL: url, TOCSIN_SECRET_FILE: secret, TOCSIN_DATA_DIR: directory };
    const ran = await runCommand(['org', 'list'], settings);
    expect([ran.code, ran.err]).toEqual([
      1,
      expect.stringMatching(/^tocsin: The database does not contain a Tocsin installation yet\. /),
    ]);
    const tables = `select relname from pg_class where relnamespace = 'public'::regnamespace`;
    expect(await query(url, tables)).toEqual([]);
    expect(await readdir(directory)).toEqual(['secret']);

    const migrated = await runCommand(['migrate'], settings);
    expect([migrated.code, migrated.out]).toEqual([
      0,
      expect.stringMatching(/^Applied \d+ migrations, and functions and policies\. /),
    ]);
    expect((await runCommand(['org', 'list'], settings)).code).toBe(0);
    await query(url, `update _tocsin_definitions set checksum = 'x' where name = 'log/read-log'`);
    expect((await runCommand(['org', 'list'], settings)).err).toMatch(
      /another version: 1 definition out of date \(log\/read-log\)\. Run "tocsin migrate"/,
    );
    expect((await runCommand(['migrate'], settings)).out).toMatch(
      /^Applied 0 migrations, and functions and policies/,
    );
    expect((await runCommand(['org', 'list'], settings)).code).toBe(0);
    await query(
      url,
      'delete from _prisma_migrations where migration_name = (select max(migration_name) from _prisma_migrations)',
    );
    expect((await runCommand(['org', 'list'], settings)).err).toMatch(
      /another version: 1 migration pending\. Run "tocsin migrate"/,
    );
  });
});
