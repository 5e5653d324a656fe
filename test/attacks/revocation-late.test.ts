/**
 * A revocation that is committed while a request is under way: while its body is still coming, or
 * while the transaction that writes is running.
 */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, keyOf, slug, type Actor } from '../support/actors.ts';
import { bundle, indicator } from '../support/builders.ts';
import { slowRequest } from '../support/slow-request.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;
let admin: Actor;

beforeAll(async () => {
  tocsin = await startTocsin();
  admin = await anActor(tocsin, { role: 'admin' });
});
afterAll(() => tocsin.close());

function idOf({ key }: { key: string }): string {
  return key.split('_')[1] ?? '';
}

/** The server has read the credential of a request once it has noted the use of its key. */
async function isRead(holder: { key: string }): Promise<void> {
  const used = `select last_used_at is not null as used from api_key where id = $1`;
  const ask = async () => (await tocsin.sql(used, [idOf(holder)]))[0]?.['used'];
  await expect.poll(ask, { timeout: 60_000 }).toBe(true);
}

describe('a revocation that is committed while a part is being written stops that part', () => {
  it.each(['application/json', 'application/x-ndjson'])('of %s', async (type) => {
    const who = await anActor(tocsin);
    const lock = new pg.Client({ connectionString: tocsin.databaseUrl });
    await lock.connect();
    try {
      await lock.query('begin');
      await lock.query('lock table inbox in share mode');
      const object = indicator();
      const body = type === 'application/json' ? bundle([object]) : object;
      const path = `/bundles?audience=${who.slug}`;
      const post = slowRequest(tocsin.url, { method: 'post', path, key: who.key, type });
      const answered = post.finish(`${JSON.stringify(body)}\n`);
      // Of the writer alone: the sequencer may wait for the inbox, too.
      const waiting = `select count(*)::integer as n
        from pg_locks l join pg_stat_activity a using (pid)
        where l.relation = 'inbox'::regclass and l.mode = 'RowExclusiveLock' and not l.granted
          and a.application_name = 'tocsin tocsin_app'`;
      await expect
        .poll(async () => (await tocsin.sql(waiting))[0]?.['n'], { timeout: 60_000 })
        .toBe(1);
      await tocsin.sql('update api_key set revoked_at = now() where id = $1', [idOf(who)]);
      await lock.query('commit');
      expect(await answered).toMatchObject({ status: 401, body: { code: 'key_revoked' } });
      const stored = `select from version v join organisation o on o.id = v.organisation_id
        where o.slug = $1`;
      expect(await tocsin.sql(stored, [who.slug])).toEqual([]);
    } finally {
      await lock.end();
    }
  });
});

it('a revocation that is committed while the bytes wait to be counted stops what they are of', async () => {
  const who = await anActor(tocsin);
  await who.shares(indicator(), { audience: who.slug });
  const lock = new pg.Client({ connectionString: tocsin.databaseUrl });
  await lock.connect();
  try {
    await lock.query('begin');
    const row = await lock.query(
      `select from organisation_usage u join organisation o on o.id = u.organisation_id
       where o.slug = $1 for update of u`,
      [who.slug],
    );
    expect(row.rowCount).toBe(1);
    const answered = who.posts(indicator(), { audience: who.slug }).then((answer) => answer);
    const waiting = `select count(*)::integer as n from pg_stat_activity
      where application_name = 'tocsin tocsin_app' and wait_event_type = 'Lock'
        and query like '%charge_and_stand%'`;
    await expect
      .poll(async () => (await tocsin.sql(waiting))[0]?.['n'], { timeout: 60_000 })
      .toBe(1);
    await tocsin.sql('update api_key set revoked_at = now() where id = $1', [idOf(who)]);
    await lock.query('commit');
    expect((await answered).body).toMatchObject({ code: 'key_revoked' });
  } finally {
    await lock.end();
  }
});

type Act = readonly [method: string, path: string, body: object];

/** What writes after it has read a body: by an admin, whose organisation shares the object `own`. */
const ACTS: Readonly<Record<string, (who: Actor, own: string, name: string) => Act>> = {
  'a bundle': (who) => ['post', `/bundles?audience=${who.slug}`, bundle([indicator()])],
  'an indicator': (who) => ['post', `/indicators?audience=${who.slug}`, indicator()],
  'a readdressing': (who, own) => ['patch', `/objects/${own}`, { audience: [who.slug] }],
  'a purge': (_, own) => ['post', `/objects/${own}/purge`, { reason: 'late' }],
  'a key': () => ['post', '/keys', { role: 'feed' }],
  'a rotation': (who) => ['post', `/keys/${idOf(who)}/rotate`, {}],
  'a user': (_, __, name) => [
    'post',
    '/users',
    { email: `${name}@example.org`, name, role: 'admin' },
  ],
  'a group': (_, __, name) => ['post', '/sharing-groups', { slug: name, name }],
  'a community': (_, __, name) => ['post', '/communities', { slug: name, name }],
  'a change of an organisation': (who, _, name) => [
    'patch',
    `/organisations/${who.slug}`,
    { name },
  ],
  'a webhook': () => ['post', '/subscriptions', { url: 'https://127.0.0.1:9/late' }],
};

describe('a body that comes after its key was deleted does nothing:', () => {
  it.each(Object.entries(ACTS))('%s', async (_, act) => {
    const who = await anActor(tocsin, { role: 'admin' });
    const own = indicator();
    await who.shares(own, { audience: who.slug });
    const key = await keyOf(tocsin, who.slug, 'admin');
    const [method, path, body] = act(who, own.id, slug('late'));
    const text = JSON.stringify(body);
    const late = slowRequest(tocsin.url, { method, path, key });
    await late.send(text.slice(0, 1));
    await isRead({ key });
    await admin.sends('delete', `/keys/${idOf({ key })}`).expect(204);
    const answer = await late.finish(text.slice(1));
    expect(answer).toMatchObject({ status: 401, body: { code: 'key_revoked' } });
    const written = `select action from audit where actor = $1`;
    expect(await tocsin.sql(written, [`key ${idOf({ key })}`])).toEqual([]);
  });

  it('nor does it learn anything, more than a second later', async () => {
    const who = await anActor(tocsin);
    const preview = slowRequest(tocsin.url, {
      method: 'post',
      path: '/audiences/preview',
      key: who.key,
    });
    await preview.send('{');
    await isRead(who);
    await admin.sends('delete', `/keys/${idOf(who)}`).expect(204);
    tocsin.clock.advance(1001);
    const answer = await preview.finish('"audience":["alliance"]}');
    expect(answer).toMatchObject({ status: 401, body: { code: 'key_revoked' } });
  });
});
