import { copyFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { acceptInvitation } from '../../src/access/invitations.ts';
import { anActor, type Actor, slug } from '../support/actors.ts';
import { bundle, indicator } from '../support/builders.ts';
import { testDirectory } from '../support/cluster.ts';
import { runCommand } from '../support/command.ts';
import { playing } from '../support/exercise.ts';
import { anEmail, NOWHERE } from '../support/people.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let ally: Actor;
let admin: Actor;
let directory: string;

beforeAll(async () => {
  tocsin = await startTocsin();
  directory = await testDirectory();
  await copyFile(tocsin.secretFile, join(directory, 'secret'));
  ally = await anActor(tocsin);
  admin = await anActor(tocsin, { role: 'admin' });
});
afterAll(async () => {
  await tocsin.close();
  await rm(directory, { recursive: true });
});

async function command(...args: string[]): Promise<{ stdout: string }> {
  const { code, out, err } = await runCommand(args, {
    DATABASE_URL: tocsin.databaseUrl,
    TOCSIN_SECRET_FILE: join(directory, 'secret'),
    TOCSIN_PUBLIC_URL: 'https://tocsin.example',
  });
  if (code !== 0) throw new Error(err);
  return { stdout: out };
}

/** What a command prints: one JSON value a line. */
async function says(...args: string[]): Promise<Record<string, unknown>[]> {
  const { stdout } = await command(...args);
  const lines = stdout.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

it('invites a user and prints the link, without which nobody comes in', async () => {
  const args = ['--org', ally.slug, '--email', anEmail(), '--role', 'org_admin'];
  const { stdout } = await command('user', 'create', ...args);
  const [, token = ''] =
    /^https:\/\/tocsin\.example\/#\/invitation\/([\w-]{43})\n$/.exec(stdout) ?? [];
  const password = 'a password that is long';
  const { email } = await acceptInvitation(tocsin, { token, password }, NOWHERE);
  const users = await says('user', 'list', '--org', ally.slug);
  expect(users).toMatchObject([{ email, role: 'org_admin', status: 'active' }]);
  expect(JSON.stringify(users)).not.toContain('argon2');
});

it('invites into groups, accepts and declines from the command line', async () => {
  const group = slug('group');
  const [made] = await says('group', 'create', group, '--owner', ally.slug);
  expect(made).toMatchObject({ slug: group, owners: [ally.slug], members: [ally.slug] });
  const named = [group, ally.slug];
  expect(await says('group', 'remove', ...named)).toMatchObject([
    { members: [], invited_members: [] },
  ]);
  expect(await says('group', 'add', ...named)).toMatchObject([
    { members: [], invited_members: [ally.slug] },
  ]);
  expect(await says('group', 'invitations', ally.slug)).toMatchObject([
    { group, part: 'member', invited_by: null },
  ]);
  await says('group', 'decline', ...named);
  expect(await says('group', 'invitations', ally.slug)).toEqual([]);
  await says('group', 'add', ...named);
  expect(await says('group', 'accept', ...named)).toMatchObject([{ members: [ally.slug] }]);
  expect(await says('group', 'list')).toContainEqual(
    expect.objectContaining({ slug: group, members: [ally.slug] }),
  );
  await says('group', 'remove', ...named);
  expect(await says('group', 'admission', group, 'direct')).toMatchObject([
    { admission: 'direct', members: [] },
  ]);
  expect(await says('group', 'add', ...named)).toMatchObject([{ members: [ally.slug] }]);
  await expect(says('group', 'admission', group, 'free')).rejects.toThrow('`admission` must be');
});

it('administers members from the command line', async () => {
  const community = slug('place');
  await says('community', 'create', community, '--within', 'alliance');

  const terms = ['--org', ally.slug, '--community', community, '--title', 'MOU'];
  const [agreement] = await says('agreement', 'create', ...terms);
  const { body } = await ally.sends('get', '/me').expect(200);
  expect(JSON.stringify(body)).toContain(community);
  await says('agreement', 'end', String(agreement?.['id']));
  expect((await ally.sends('get', '/me').expect(200)).text).not.toContain(community);

  const exercise = slug('exercise');
  const times = ['--from', '2020-01-01', '--until', '2120-01-01'];
  await says('realm', 'create', exercise, ...times, '--member', ally.slug);
  expect(await says('realm', 'list')).toMatchObject([{ slug: exercise, members: [ally.slug] }]);
  const whose = ['--org', ally.slug, '--realm', exercise, '--role', 'feed'];
  const { stdout } = await command('key', 'create', ...whose);
  expect(stdout).toMatch(/^tocsin_/);
  expect(await says('key', 'list', '--org', ally.slug)).toContainEqual(
    expect.objectContaining({ realm: exercise, role: 'feed' }),
  );
  const file = join(directory, 'bundle.json');
  const object = indicator();
  await writeFile(file, JSON.stringify(bundle([object])));
  const into = ['--org', ally.slug, '--realm', exercise];
  await command('import', file, ...into);
  const player = await playing(tocsin, ally, { slug: exercise, name: exercise });
  expect(await player.sees()).toEqual([object.id]);
  expect(await ally.sees()).toEqual([]);
  await expect(command('import', file, '--org', admin.slug, '--realm', exercise)).rejects.toThrow(
    `There is no organisation ${admin.slug} in an exercise ${exercise}`,
  );
  const [cell, where] = [slug('cell'), ['--realm', exercise]];
  await says('group', 'create', cell, '--owner', ally.slug, '--direct', ...where);
  await says('group', 'remove', cell, ally.slug, ...where);
  await says('group', 'add', cell, ally.slug, ...where);
  expect(await says('group', 'list', ...where)).toMatchObject([
    { slug: cell, members: [ally.slug] },
  ]);
  expect(JSON.stringify(await says('group', 'list'))).not.toContain(cell);
  await expect(says('group', 'list', '--realm', 'nowhere')).rejects.toThrow('no realm nowhere');
  await says('realm', 'archive', exercise, '--reason', 'Over');
  const [wiped] = await says('realm', 'wipe', exercise, '--reason', 'Over');
  expect(wiped).toMatchObject({ state: 'wiped', wiped: { by: 'command line' } });

  await says('org', 'suspend', ally.slug);
  await ally.sends('get', '/me').expect(403);
  await says('org', 'activate', ally.slug);
  const list = await says('org', 'list');
  expect(list).toContainEqual(expect.objectContaining({ slug: ally.slug, status: 'active' }));

  await says('key', 'revoke', ally.key.split('_')[1] ?? '');
  await ally.sends('get', '/me').expect(401);
  const ended = says('org', 'suspend', admin.slug).then(() => says('org', 'suspend', 'owner'));
  await expect(ended).rejects.toThrow(/nobody could administer the server/);
});

it('creates no key that has already expired', async () => {
  const args = ['key', 'create', '--org', ally.slug, '--role', 'feed'];
  const made = command(...args, '--expires', '2020-01-01');
  await expect(made).rejects.toThrow(/--expires.*2020-01-01.*It is in the past/);
});
