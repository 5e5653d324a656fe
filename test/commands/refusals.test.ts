/** What commands refuse, and how they say it to an operator. */
import { copyFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, slug, type Actor } from '../support/actors.ts';
import { indicator } from '../support/builders.ts';
import { testDirectory } from '../support/cluster.ts';
import { runCommand } from '../support/command.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let ally: Actor;
let admin: Actor;
let directory: string;
beforeAll(async () => {
  tocsin = await startTocsin();
  ally = await anActor(tocsin);
  admin = await anActor(tocsin, { role: 'admin' });
  directory = await testDirectory();
  await copyFile(tocsin.secretFile, join(directory, 'secret'));
});
afterAll(async () => {
  await tocsin.close();
  await rm(directory, { recursive: true });
});

const run = (...args: string[]) =>
  runCommand(args, {
    DATABASE_URL: tocsin.databaseUrl,
    TOCSIN_SECRET_FILE: join(directory, 'secret'),
    TOCSIN_DATA_DIR: directory,
  });

describe('a command speaks of organisations, not to a member', () => {
  it.each([
    ['import', 'FILE', '--org', 'OWN', '--audience', 'alies'],
    ['import', 'FILE', '--org', 'OWN', '--audience', ','],
    ['group', 'accept', 'alies', 'OWN'],
    ['group', 'add', 'alies', 'OWN'],
    ['group', 'decline', 'GROUP', 'OWN', '--owner'],
    ['group', 'accept', 'GROUP', 'OWN'],
    ['realm', 'archive', 'alies', '--reason', 'x'],
    ['key', 'create', '--org', 'alies', '--role', 'feed'],
    ['key', 'revoke', '0123456789ab'],
    ['user', 'disable', 'nobody@example.org'],
    ['user', 'create', '--org', 'OWN', '--email', 'taken@example.org', '--role', 'analyst'],
    ['agreement', 'end', '99999'],
  ])('%s %s %s', async (...args) => {
    const file = join(directory, 'one.json');
    await writeFile(file, JSON.stringify(indicator()));
    const group = slug('group');
    await run('group', 'create', group, '--owner', admin.slug);
    await run(
      'user',
      'create',
      '--org',
      ally.slug,
      '--email',
      'taken@example.org',
      '--role',
      'analyst',
    );
    const values: Record<string, string> = { FILE: file, OWN: ally.slug, GROUP: group };
    const ran = await run(...args.map((arg) => values[arg] ?? arg));
    expect(ran.code).toBe(1);
    expect(ran.out + ran.err).not.toBe('');
    expect(ran.out + ran.err).not.toMatch(/\byou(rs?|rself)?\b/i);
  });
});

describe('a command and REST refuse the same', () => {
  it.each([
    ['user create', ['--org', 'OWN', '--role', 'analyst', '--email', 'nobody'], '`email` must be'],
    ['org create', ['Not-a-slug'], '`slug` must'],
    ['org create', ['ok-slug', '--community', 'alies'], 'There is no community alies'],
    ['org create', ['ok-slug', '--country', 'Norway'], '`country`'],
    [
      'agreement create',
      ['--org', 'OWN', '--community', 'alies', '--title', 'x'],
      'no community alies',
    ],
    ['community create', ['ok-slug', '--within', 'alies'], 'There is no community alies'],
    ['group create', ['ok-slug', '--owner', 'OWN', '--name', ' '], '`name`'],
    ['group admission', ['ok-slug', 'free'], '`admission` must be'],
    ['key revoke', ['12'], '`id`'],
    ['realm archive', ['x', '--reason', ' '], '`reason`'],
  ])('%s %j', async (command, args, reason) => {
    const before = await tocsin.sql('select count(*) from audit');
    const given = args.map((one) => (one === 'OWN' ? ally.slug : one));
    const ran = await run(...command.split(' '), ...given);
    expect([ran.code, ran.out]).toEqual([1, '']);
    expect(ran.err).toContain(reason);
    expect(await tocsin.sql('select count(*) from audit')).toEqual(before);
    const made = await tocsin.sql("select slug from audience where slug in ('alies', 'ok-slug')");
    expect(made).toEqual([]);
  });
});
