/** Which changes of membership wait for bundles that are being written, and so make others wait. */
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LOCKS } from '../../src/store/postgres/locks.ts';
import { type Actor, anActor, slug } from '../support/actors.ts';
import { accepts, createGroup } from '../support/groups.ts';
import { anExercise } from '../support/exercise.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let writer: pg.Client;
let owner: Actor;
let other: Actor;
let admin: Actor;
let group: string;
let later: string;

beforeAll(async () => {
  tocsin = await startTocsin({ settings: { TOCSIN_QUOTA_INVITATIONS: '1000' } });
  writer = new pg.Client({ connectionString: tocsin.databaseUrl });
  await writer.connect();
  owner = await anActor(tocsin);
  other = await anActor(tocsin);
  admin = await anActor(tocsin, { role: 'admin' });
  later = slug();
  await admin.sends('post', '/communities').send({ slug: later, name: later }).expect(201);
});
afterAll(async () => {
  await writer.end();
  await tocsin.close();
});
beforeEach(async () => {
  group = await aGroup();
});

function aGroup(input: object = {}): Promise<string> {
  return createGroup(owner, { members: [other.slug], ...input });
}

/** How many wait for the lock `writers`. */
async function waiting(): Promise<number> {
  const [row] = await tocsin.sql<{ count: number }>(
    `select count(*)::int from pg_locks
     where locktype = 'advisory' and not granted and objid = $1
       and database = (select oid from pg_database where datname = current_database())`,
    [LOCKS.writers * 100],
  );
  return row?.count ?? 0;
}

/** Runs an act while a bundle is being written. Returns whether it waited for the bundle. */
async function waits(act: () => PromiseLike<unknown>): Promise<boolean> {
  await writer.query('begin');
  await writer.query(`select take_lock('writers', true)`);
  let ended = false;
  const acting = Promise.resolve(act()).finally(() => (ended = true));
  let waited = false;
  try {
    await expect
      .poll(async () => (waited = !ended && (await waiting()) > 0) || ended, {
        interval: 5,
        timeout: 60_000,
      })
      .toBe(true);
  } finally {
    await writer.query('commit');
  }
  await acting;
  return waited;
}

const change = (what: object) => () =>
  owner.sends('patch', `/sharing-groups/${group}`).send(what).expect(200);
const add = (by: () => Actor, who: () => Actor, part: string, status: number) => () =>
  by()
    .sends('post', `/sharing-groups/${group}/${part}`)
    .send({ organisation: who().slug })
    .expect(status);
const remove = (by: () => Actor, who: () => Actor) => () =>
  by().sends('delete', `/sharing-groups/${group}/members/${who().slug}`).expect(204);
const agreement = (more: object) => () =>
  admin
    .sends('post', '/agreements')
    .send({
      organisation: other.slug,
      title: 'MOU',
      kind: 'mou',
      ceiling: 'green',
      ...more,
    })
    .expect(201);
const organisation =
  (more: object = {}) =>
  () => {
    const name = slug('new');
    const facts = { slug: name, name, kind: 'allied_nation', communities: [], ceiling: 'amber' };
    return admin
      .sends('post', '/organisations')
      .send({ ...facts, ...more })
      .expect(201);
  };

describe('while a bundle is being written, nothing waits that changes nobody’s view:', () => {
  it.each([
    ['create a group', () => aGroup()],
    ['create a hidden group', () => aGroup({ hidden_members: true, open: true })],
    ['rename a group', change({ name: 'Other' })],
    ['open a group', change({ open: true })],
    [
      'invite a member',
      async () =>
        add(
          () => owner,
          () => admin,
          'members',
          202,
        )(),
    ],
    [
      'invite an owner',
      async () =>
        add(
          () => owner,
          () => admin,
          'owners',
          202,
        )(),
    ],
    [
      'decline an invitation',
      async () =>
        remove(
          () => other,
          () => other,
        )(),
    ],
    [
      'withdraw an invitation',
      async () =>
        remove(
          () => owner,
          () => other,
        )(),
    ],
    ['create a key', () => admin.as('feed')],
    [
      'change the contacts of an organisation',
      () => owner.sends('patch', `/organisations/${owner.slug}`).send({ contacts: [] }).expect(200),
    ],
    [
      'invite a user',
      () =>
        owner
          .sends('post', '/users')
          .send({ email: `${slug('u')}@example.org`, name: 'Ada', role: 'analyst' })
          .expect(201),
    ],
    [
      'create a community',
      () => {
        const name = slug();
        return admin.sends('post', '/communities').send({ slug: name, name }).expect(201);
      },
    ],
    ['admit an organisation that sees nothing yet', organisation({ status: 'invited' })],
    ['create an exercise', () => anExercise(tocsin, [owner])],
    [
      'an agreement for later',
      async () => {
        const valid_from = new Date(Date.now() + 3_600_000).toISOString();
        await agreement({ community: later, valid_from })();
      },
    ],
  ])('%s', async (_, act) => {
    expect(await waits(act)).toBe(false);
  });

  it('and thirty of them one after another', async () => {
    const acts = async () => {
      for (let n = 0; n < 30; n++) await aGroup();
    };
    expect(await waits(acts)).toBe(false);
  });
});

describe('changes that wait', () => {
  it('hold one connection however many they are, so that others can still sign in', async () => {
    const groups = [];
    for (let n = 0; n < 12; n++) groups.push(await aGroup());
    await writer.query('begin');
    await writer.query(`select take_lock('writers', true)`);
    const joining = groups.map((name) => accepts(other, name));
    try {
      await expect.poll(waiting).toBe(1);
      // Each of these needs a connection of the same pool.
      for (let n = 0; n < 20; n++) await admin.sends('get', '/me').expect(200);
      const blocked = await tocsin.sql(
        `select from pg_stat_activity
         where datname = current_database() and wait_event_type = 'Lock'`,
      );
      expect(blocked).toHaveLength(1);
    } finally {
      await writer.query('commit');
    }
    await Promise.all(joining);
  });

  it('are refused beyond what one organisation may have waiting, and others still get theirs', async () => {
    const name = await createGroup(admin);
    await writer.query('begin');
    await writer.query(`select take_lock('writers', true)`);
    const own = `/sharing-groups/${group}`;
    const leaving = owner
      .sends('delete', `${own}/members/${owner.slug}`)
      .then((said) => said.status);
    let renamed: Promise<number>[] = [];
    try {
      await expect.poll(waiting).toBe(1);
      renamed = Array.from({ length: 60 }, (_, n) =>
        owner
          .sends('patch', own)
          .send({ name: `${n}` })
          .then((said) => said.status),
      );
      // Whatever is refused, is refused at once.
      await expect(Promise.race(renamed)).resolves.toBe(503);
    } finally {
      await writer.query('commit');
    }
    expect(await leaving).toBe(204);
    const statuses = await Promise.all(renamed);
    expect(statuses.filter((status) => status === 503)).toHaveLength(10);
    await admin.sends('patch', `/sharing-groups/${name}`).send({ name: 'x' }).expect(200);
  });
});

describe('what shows or hides something waits:', () => {
  it.each([
    ['accept an invitation', () => accepts(other, group)],
    [
      'leave a group',
      async () =>
        remove(
          () => owner,
          () => owner,
        )(),
    ],
    [
      'an agreement that takes effect',
      async () => {
        const community = slug();
        const body = { slug: community, name: community };
        await admin.sends('post', '/communities').send(body).expect(201);
        await agreement({ community, valid_from: null })();
      },
    ],
    [
      'suspend an organisation',
      () =>
        admin
          .sends('patch', `/organisations/${owner.slug}`)
          .send({ status: 'suspended' })
          .expect(200),
    ],
  ])('%s', async (_, act) => {
    expect(await waits(act)).toBe(true);
  });
});
