import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chainAll } from '../../src/audit/chain.ts';
import { anActor, slug, type Actor } from '../support/actors.ts';
import { testDirectory } from '../support/cluster.ts';
import { runCommand } from '../support/command.ts';
import { anEmail } from '../support/people.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

type Thing = Record<string, unknown>;

let tocsin: Tocsin;
let admin: Actor;
let ally: Actor;
let directory: string;
beforeAll(async () => {
  tocsin = await startTocsin();
  admin = await anActor(tocsin, { role: 'admin' });
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

/** What a command prints: one JSON value a line. */
async function prints(...args: string[]): Promise<Thing[]> {
  const { code, out, err } = await run(...args);
  expect([code, err]).toEqual([0, '']);
  return out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Thing);
}

/** What REST lists of a kind of thing. */
async function listed(path: string, member: string): Promise<Thing[]> {
  const { body } = await admin.sends('get', path).expect(200);
  return (body as Record<string, Thing[]>)[member] ?? [];
}

/** The names of members, and of those within them. */
function shapeOf(thing: unknown): unknown {
  if (typeof thing !== 'object' || thing === null) return 'value';
  return Object.fromEntries(Object.entries(thing).map(([name, value]) => [name, shapeOf(value)]));
}

/** Without what differs by its nature: whose part of a group the caller is. */
function withoutCaller(thing: Thing): Thing {
  const { member: _, owner: __, invited: ___, ...rest } = thing;
  return rest;
}

describe('a command prints what REST answers about', () => {
  it('organisations', async () => {
    const list = await listed('/organisations', 'organisations');
    expect(await prints('org', 'list')).toEqual(list);
    expect(list.find((one) => one['slug'] === ally.slug)).toMatchObject({ default_tlp: 'amber' });
  });

  it('users', async () => {
    const email = anEmail();
    await run('user', 'create', '--org', ally.slug, '--email', email, '--role', 'analyst');
    expect(await prints('user', 'list')).toEqual(await listed('/users', 'users'));
    for (const verb of ['vouch', 'end-sessions']) {
      expect(await prints('user', verb, email)).toEqual(
        (await listed('/users', 'users')).filter((user) => user['email'] === email),
      );
    }
    const disabled = await prints('user', 'disable', email.toUpperCase());
    expect(disabled).toEqual(
      (await listed('/users', 'users')).filter((user) => user['email'] === email),
    );
    expect(disabled).toMatchObject([{ status: 'disabled', red_clearance: false }]);
  });

  it('keys', async () => {
    const key = (await run('key', 'create', '--org', ally.slug, '--role', 'feed')).out;
    const id = key.split('_')[1] ?? '';
    const sorted = (keys: Thing[]) =>
      keys.toSorted((a, b) => (String(a['id']) < String(b['id']) ? -1 : 1));
    const used = (keys: Thing[]) => keys.map(({ last_used_at: _, ...rest }) => rest);
    const list = await listed('/keys', 'keys');
    expect(used(sorted(await prints('key', 'list')))).toEqual(used(sorted(list)));
    expect(await prints('key', 'revoke', id)).toEqual(
      (await listed('/keys', 'keys')).filter((one) => one['id'] === id),
    );
  });

  it('communities, agreements and exercises', async () => {
    const community = slug('club');
    const [made] = await prints('community', 'create', community, '--description', 'A club');
    expect(await prints('community', 'list')).toEqual(await listed('/communities', 'communities'));
    expect(made).toMatchObject({ slug: community, description: 'A club' });

    const terms = ['--org', ally.slug, '--community', community, '--title', 'MOU'];
    const [agreement] = await prints('agreement', 'create', ...terms, '--until', '2130-01-31');
    expect(agreement).toMatchObject({ ceiling: 'amber', valid_until: '2130-01-31T00:00:00.000Z' });
    expect(await prints('agreement', 'list')).toEqual(await listed('/agreements', 'agreements'));
    const own = await listed(`/agreements?organisation=${ally.slug}`, 'agreements');
    expect(await prints('agreement', 'list', '--org', ally.slug)).toEqual(own);
    const [ended] = await prints('agreement', 'end', String(agreement?.['id']));
    expect(ended).toEqual((await listed('/agreements', 'agreements'))[0]);

    const times = ['--from', '2020-01-01', '--until', '2120-01-01'];
    const [realm] = await prints('realm', 'create', slug('exercise'), ...times);
    expect(await prints('realm', 'list')).toEqual(await listed('/realms', 'realms'));
    expect(realm).toMatchObject({ from: '2020-01-01T00:00:00.000Z', archived_at: null });
  });

  it('a new user and a new link, with --json', async () => {
    const email = anEmail();
    const person = { organisation: ally.slug, role: 'analyst' };
    const sent = { ...person, email: anEmail() };
    const { body: invited } = await admin.sends('post', '/users').send(sent).expect(201);
    const terms = ['--org', ally.slug, '--email', email, '--role', 'analyst', '--json'];
    const [created] = await prints('user', 'create', ...terms);
    expect(shapeOf(created)).toEqual(shapeOf(invited));
    expect(created).toMatchObject({ ...person, email, name: email });
    const [again] = await prints('user', 'reset-password', email, '--json');
    expect(shapeOf(again)).toEqual(shapeOf(invited));
    const { link, token } = (again as { invitation: Record<string, string> }).invitation;
    expect(link).toBe(`http://127.0.0.1:8080/#/invitation/${token}`);
  });

  it('a new key, with --json', async () => {
    const sent = { organisation: ally.slug, role: 'feed' };
    const { body: made } = await admin.sends('post', '/keys').send(sent).expect(201);
    const [key] = await prints('key', 'create', '--org', ally.slug, '--role', 'feed', '--json');
    expect(shapeOf(key)).toEqual(shapeOf(made));
    expect(key?.['key']).toMatch(new RegExp(`^tocsin_${String(key?.['id'])}_`));
  });

  it('the parts of sharing groups', async () => {
    const group = slug('group');
    await prints('group', 'create', group, '--owner', ally.slug);
    const path = `/sharing-groups/${group}/members`;
    const { body: invited } = await admin
      .sends('post', path)
      .send({ organisation: ally.slug })
      .expect(200);
    expect((await prints('group', 'add', group, ally.slug)).map(withoutCaller)).toEqual([
      withoutCaller(invited as Thing),
    ]);
    const [added] = await prints('group', 'add', group, admin.slug);
    expect(added).toMatchObject({ slug: group, invited_members: [admin.slug] });
    const { body: accepted } = await admin
      .sends('post', path)
      .send({ organisation: admin.slug })
      .expect(200);
    expect(await prints('group', 'accept', group, admin.slug)).toMatchObject([
      { members: (accepted as Thing)['members'], member: true },
    ]);
    const [left] = await prints('group', 'remove', group, admin.slug);
    expect(left).toMatchObject({ slug: group, members: [ally.slug], invited_members: [] });
  });

  it('sharing groups', async () => {
    const group = slug('group');
    await prints('group', 'create', group, '--owner', ally.slug, '--member', admin.slug);
    const list = await listed('/sharing-groups', 'sharing_groups');
    expect((await prints('group', 'list')).map(withoutCaller)).toEqual(list.map(withoutCaller));
    const { body } = await admin.sends('get', '/sharing-group-invitations').expect(200);
    expect(await prints('group', 'invitations', admin.slug)).toEqual(
      (body as { invitations: unknown }).invitations,
    );
  });

  it('the audit', async () => {
    await chainAll(tocsin.db);
    const entries = await listed('/audit?limit=5', 'entries');
    expect(entries.length).toBe(5);
    expect(await prints('audit', 'list', '--limit', '5')).toEqual(entries);
    expect(await prints('audit', 'list', '--from', '2', '--limit', '1')).toEqual([entries[2]]);
    const all = await listed('/audit?limit=1000', 'entries');
    expect(await prints('audit', 'list', '--last', '2')).toEqual(all.slice(-2));
  });
});

describe('a command and REST have the same defaults', () => {
  it('of an organisation, whose ceiling is never RED unless somebody asks', async () => {
    const [commanded, posted] = [slug(), slug()];
    const [made] = await prints('org', 'create', commanded);
    const answer = await admin
      .sends('post', '/organisations')
      .send({ slug: posted, name: posted, kind: 'allied_nation' })
      .expect(201);
    const same = (thing: Thing) => ({ ...thing, slug: '', name: '', identities: [] });
    expect(same(made ?? {})).toEqual(same(answer.body as Thing));
    const terms = async (organisation: string) => {
      const list = await listed(`/agreements?organisation=${organisation}`, 'agreements');
      return list.map(({ community, ceiling, kind, title }) => ({
        community,
        ceiling,
        kind,
        title,
      }));
    };
    expect(await terms(commanded)).toEqual([
      expect.objectContaining({ community: 'alliance', ceiling: 'amber' }),
    ]);
    expect(await terms(posted)).toEqual(await terms(commanded));
  });

  it('of a sharing group, whose creator is its member', async () => {
    const [commanded, posted] = [slug('group'), slug('group')];
    const [made] = await prints(
      'group',
      'create',
      commanded,
      '--owner',
      ally.slug,
      '--owner',
      admin.slug,
    );
    expect(made).toMatchObject({
      owners: [admin.slug, ally.slug].toSorted(),
      members: [ally.slug],
    });
    const { body } = await admin
      .sends('post', '/sharing-groups')
      .send({ slug: posted, name: posted, owners: [ally.slug] })
      .expect(201);
    expect(body).toMatchObject({
      owners: [admin.slug, ally.slug].toSorted(),
      members: [admin.slug],
    });
    const same = (thing: Thing) => ({ ...withoutCaller(thing), slug: '', name: '', members: [] });
    expect(same(made ?? {})).toEqual(same(body as Thing));
  });

  it('of the name of what is new, which is its slug', async () => {
    const times = { from: '2020-01-01T00:00:00Z', until: '2120-01-01T00:00:00Z' };
    const created: [string, object][] = [
      ['/communities', {}],
      ['/organisations', {}],
      ['/sharing-groups', {}],
      ['/realms', times],
    ];
    for (const [path, more] of created) {
      const name = slug('new');
      const { body } = await admin
        .sends('post', path)
        .send({ slug: name, ...more })
        .expect(201);
      expect(body).toMatchObject({ slug: name, name });
    }
    const name = slug('new');
    expect(await prints('community', 'create', name)).toMatchObject([{ slug: name, name }]);
  });
});

describe('a command about a user says what it did', () => {
  it('each of them', async () => {
    const email = anEmail();
    await run('user', 'create', '--org', ally.slug, '--email', email, '--role', 'admin');
    const [user] = (await listed('/users', 'users')).filter((one) => one['email'] === email);
    expect(await prints('user', 'end-sessions', email)).toMatchObject([{ id: user?.['id'] }]);
    expect(await prints('user', 'vouch', email)).toMatchObject([{ id: user?.['id'] }]);
    expect(await prints('user', 'disable', email)).toMatchObject([{ id: user?.['id'] }]);
    const link = await run('user', 'reset-password', email);
    expect(link).toMatchObject({ code: 1, out: '' });
  });
});
