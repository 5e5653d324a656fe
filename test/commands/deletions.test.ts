import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, slug, type Actor } from '../support/actors.ts';
import { indicator } from '../support/builders.ts';
import { testDirectory } from '../support/cluster.ts';
import { runCommand } from '../support/command.ts';
import { anEmail } from '../support/people.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let ally: Actor;
let directory: string;
beforeAll(async () => {
  tocsin = await startTocsin();
  ally = await anActor(tocsin);
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

const done = async (...args: string[]): Promise<string> => {
  const { code, out, err } = await run(...args);
  expect([args, code, err]).toEqual([args, 0, '']);
  return out;
};

describe('an organisation', () => {
  it('is deleted with its agreements while nobody has acted for it, and its name is free', async () => {
    const name = slug();
    await done('org', 'create', name);
    expect(await done('org', 'delete', name)).toBe('');
    expect(await done('org', 'list')).not.toContain(`"${name}"`);
    expect(await done('agreement', 'list', '--org', name)).toBe('');
    await done('org', 'create', name);
  });

  it('stays when there is anything of it or for it, and the reason is named', async () => {
    const holders: Record<string, (name: string) => Promise<unknown>> = {
      keys: (name) => done('key', 'create', '--org', name, '--role', 'feed'),
      users: (name) =>
        done('user', 'create', '--org', name, '--email', anEmail(), '--role', 'analyst'),
      'objects shared with it alone': (name) => ally.shares(indicator(), { audience: name }),
      'sharing groups': (name) => done('group', 'create', slug('group'), '--owner', name),
    };
    for (const [held, hold] of Object.entries(holders)) {
      const name = slug();
      await done('org', 'create', name);
      await hold(name);
      const ran = await run('org', 'delete', name);
      expect([ran.code, ran.err]).toEqual([
        1,
        `tocsin: The organisation ${name} has ${held}. Suspend it instead.\n`,
      ]);
      expect(await done('org', 'list')).toContain(`"${name}"`);
    }
    const sharer = await anActor(tocsin);
    await sharer.shares(indicator());
    expect((await run('org', 'delete', sharer.slug)).err).toContain('objects that it shared');
    expect((await run('org', 'delete', 'nobody')).err).toContain('There is no organisation nobody');
  });
});

describe('a community', () => {
  it('is deleted while nothing refers to it', async () => {
    const [name, around] = [slug('club'), slug('club')];
    await done('community', 'create', name);
    expect(await done('community', 'delete', name)).toBe('');
    expect(await done('community', 'list')).not.toContain(`"${name}"`);
    await done('community', 'create', around);
    await done('community', 'create', name, '--within', around);
    expect((await run('community', 'delete', around)).err).toContain('communities within it');
    const terms = ['--org', ally.slug, '--community', name, '--title', 'MOU'];
    const { id } = JSON.parse(await done('agreement', 'create', ...terms)) as { id: number };
    await done('agreement', 'end', String(id));
    expect((await run('community', 'delete', name)).err).toContain(
      'agreements, ended ones included',
    );
    expect((await run('community', 'delete', 'alliance')).code).toBe(1);
  });
});

describe('a user', () => {
  it('is deleted with sessions, keys and links, and the audit keeps what they did', async () => {
    const email = anEmail();
    const terms = ['--org', ally.slug, '--email', email, '--role', 'analyst'];
    const { id } = JSON.parse(await done('user', 'create', ...terms, '--json')) as { id: string };
    expect(await done('user', 'delete', email)).toBe('');
    expect(await done('user', 'list')).not.toContain(email);
    const left = await tocsin.sql('select 1 from invitation where user_id = $1', [id]);
    expect(left).toEqual([]);
    const [entry] = await tocsin.sql(`select detail from audit where action = 'user.delete'`);
    expect(entry).toMatchObject({ detail: { user: id, organisation: ally.slug } });
    // The address is free again.
    await done('user', 'create', '--org', ally.slug, '--email', email, '--role', 'analyst');
    expect((await run('user', 'delete', anEmail())).err).toContain('There is no user');
  });
});

describe('over REST', () => {
  it('the same is deleted, and refused for the same reason', async () => {
    const admin = await anActor(tocsin, { role: 'admin' });
    const [name, used, community] = [slug(), slug(), slug('club')];
    await done('org', 'create', name);
    await admin.sends('delete', `/organisations/${name}`).expect(204);
    await admin.sends('delete', `/organisations/${name}`).expect(404);
    await done('org', 'create', used);
    await done('key', 'create', '--org', used, '--role', 'feed');
    const { body } = await admin.sends('delete', `/organisations/${used}`).expect(409);
    expect(body).toMatchObject({
      code: 'not_empty',
      detail: `The organisation ${used} has keys. Suspend it instead.`,
    });
    await done('community', 'create', community);
    await admin.sends('delete', `/communities/${community}`).expect(204);
    await admin.sends('delete', '/communities/alliance').expect(409);

    const email = anEmail();
    await done('user', 'create', '--org', ally.slug, '--email', email, '--role', 'org_admin');
    const [user] = (await done('user', 'list', '--org', ally.slug))
      .split('\n')
      .filter((line) => line.includes(email))
      .map((line) => JSON.parse(line) as { id: string });
    const orgAdmin = await anActor(tocsin, { role: 'org_admin' });
    await orgAdmin.sends('delete', `/users/${user?.id}`).expect(404);
    await admin.sends('delete', `/users/${user?.id}`).expect(204);
    expect(await done('user', 'list')).not.toContain(email);
  });
});

it('the functions that delete know every table that refers to what they delete', async () => {
  const referring = await tocsin.sql<{ wanted: string; referring: string }>(
    `select confrelid::regclass::text as wanted, conrelid::regclass::text as referring
     from pg_constraint
     where contype = 'f' and conparentid = 0
       and confrelid in ('organisation'::regclass, 'audience'::regclass, 'user_account'::regclass)`,
  );
  expect(referring.length).toBeGreaterThan(20);
  const [functions] = await tocsin.sql<{ body: string }>(
    `select string_agg(prosrc, ' ') as body from pg_proc
     where proname ~ '^(delete_(user|organisation|community)|(organisation|community)_holdings)$'`,
  );
  // An exercise refers to a community of its own, which is not deleted.
  const known = new Set([...(functions?.body ?? '').matchAll(/\w+/g)].map(([word]) => word)).add(
    'realm',
  );
  expect(referring.filter((one) => !known.has(one.referring))).toEqual([]);
});
