import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anActor, slug, type Actor } from '../support/actors.ts';
import { indicator, newer, type PostedObject } from '../support/builders.ts';
import { tablesHolding } from '../support/dump.ts';
import { anExercise, playing } from '../support/exercise.ts';
import { createGroup } from '../support/groups.ts';
import { subscribes } from '../support/subscribe.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';
import { receiveWebhooks, type Webhooks } from '../support/webhooks.ts';

let tocsin: Tocsin;
let webhooks: Webhooks;
let admin: Actor;
let alice: Actor;
let bob: Actor;

beforeAll(async () => {
  tocsin = await startTocsin({ roles: ['http', 'worker'] });
  webhooks = await receiveWebhooks();
  admin = await anActor(tocsin, { role: 'admin' });
  [alice, bob] = [await anActor(tocsin), await anActor(tocsin)];
});
afterAll(async () => {
  await tocsin.close();
  await webhooks.close();
});

const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000).toISOString();

const ends = (realm: string, how: 'archive' | 'wipe', by = admin) =>
  by.sends('post', `/realms/${realm}/${how}`).send({ reason: 'It is over' });

describe('outside its dates', () => {
  it.each([
    ['coming', 1, 2],
    ['over', -2, -1],
  ] as const)(
    'an exercise that is %s takes nothing, and can be read',
    async (state, from, until) => {
      const exercise = await anExercise(tocsin, [alice, bob]);
      const played = await playing(tocsin, alice, exercise);
      const object = indicator();
      await played.shares(object);
      const moved = [inHours(from), inHours(until), exercise.slug];
      await tocsin.sql('update realm set starts_at = $1, ends_at = $2 where slug = $3', moved);
      const { body } = await alice.sends('get', `/realms/${exercise.slug}`).expect(200);
      expect(body).toMatchObject({ state });
      await refusesAll(played, object);
      expect(await (await playing(tocsin, bob, exercise)).sees()).toEqual([object.id]);
    },
  );
});

/** Every way to bring something new into a realm. */
async function refusesAll(played: Actor, object: PostedObject): Promise<void> {
  const refused = [
    await played.posts(newer(object)),
    await played.posts(newer(object), { dry_run: true }),
    await played
      .sends('post', '/bundles')
      .set('content-type', 'application/x-ndjson')
      .send(`${JSON.stringify(indicator())}\n`),
    await played.sends('post', '/indicators').send(indicator()),
    await played.sends('patch', `/objects/${object.id}`).send({ tlp: 'amber' }),
    await played.sends('post', `/objects/${object.id}/revoke`),
  ];
  for (const { status, body } of refused) {
    expect([status, body]).toEqual([409, expect.objectContaining({ code: 'realm_closed' })]);
  }
}

describe('POST /realms/{slug}/archive', () => {
  it('makes it read-only permanently', async () => {
    const exercise = await anExercise(tocsin, [alice, bob]);
    const [played, other] = [
      await playing(tocsin, alice, exercise),
      await playing(tocsin, bob, exercise),
    ];
    const object = indicator();
    await played.shares(object);
    const group = await createGroup(played);
    await ends(exercise.slug, 'archive', alice).expect(403);
    await admin.sends('post', `/realms/${exercise.slug}/archive`).send({}).expect(400);
    const { body } = await ends(exercise.slug, 'archive').expect(200);
    expect(body).toMatchObject({ state: 'archived', archived_at: expect.any(String) });
    await refusesAll(played, object);
    const late = slug('group');
    const groups = [
      played.sends('post', '/sharing-groups').send({ slug: late, name: late }),
      played.sends('patch', `/sharing-groups/${group}`).send({ name: 'Late' }),
      played.sends('post', `/sharing-groups/${group}/members`).send({ organisation: other.slug }),
    ];
    for (const refused of groups) {
      expect((await refused).body).toMatchObject({ code: 'realm_closed' });
    }
    expect(await other.sees()).toEqual([object.id]);
    const again = await ends(exercise.slug, 'archive').expect(200);
    expect(again.body).toEqual(body);
  });

  it('waits for a writer who is just sharing', async () => {
    const exercise = await anExercise(tocsin, [alice]);
    const played = await playing(tocsin, alice, exercise);
    const writer = new pg.Client({ connectionString: tocsin.databaseUrl });
    await writer.connect();
    try {
      await writer.query('begin');
      await writer.query(`select take_lock('writers', true)`);
      const archived = ends(exercise.slug, 'archive').then(({ status }) => status);
      const waiting = async () => {
        const rows = await tocsin.sql(
          `select from pg_locks where locktype = 'advisory' and not granted
             and database = (select oid from pg_database where datname = current_database())`,
        );
        return rows.length;
      };
      await expect.poll(waiting).toBe(1);
      await writer.query('commit');
      expect(await archived).toBe(200);
    } finally {
      await writer.end();
    }
    expect((await played.posts(indicator())).body).toMatchObject({ code: 'realm_closed' });
  });
});

describe('POST /realms/{slug}/wipe', () => {
  it('takes all content away, and leaves who and when; the audit stays', async () => {
    const exercise = await anExercise(tocsin, [alice, bob]);
    const [played, other] = [
      await playing(tocsin, alice, exercise),
      await playing(tocsin, bob, exercise),
    ];
    const value = `${slug('host')}.example.org`;
    const pattern = `[domain-name:value = '${value}']`;
    const object = indicator({ pattern, name: value, labels: [value] });
    const real = indicator();
    await alice.shares(real);
    webhooks.answers(({ text }) => (text.includes(value) ? { status: 422, body: value } : {}));
    const hook = await subscribes(other, webhooks, { description: value });
    await played.shares(object);
    await played.shares(newer(object), { audience: alice.slug });
    const group = { slug: slug('group'), name: value, description: value };
    await played.sends('post', '/sharing-groups').send(group).expect(201);
    await webhooks.until(hook.path, (come) => come.length > 0);
    expect(await tablesHolding(tocsin, value)).toEqual(
      expect.arrayContaining(['audience', 'observable', 'subscription', 'version']),
    );
    const audited = await tocsin.sql('select id from audit');
    const { next } = await bob.reads();
    const [before] = await tocsin.sql<{ head: string }>('select max(seq) as head from log');

    const early = await ends(exercise.slug, 'wipe').expect(409);
    expect(early.body).toMatchObject({ code: 'realm_not_archived' });
    await ends(exercise.slug, 'archive').expect(200);
    await ends(exercise.slug, 'wipe', alice).expect(403);
    const { body } = await ends(exercise.slug, 'wipe').expect(200);
    expect(body).toMatchObject({
      state: 'wiped',
      members: [],
      wiped: { by: `key ${admin.key.split('_')[1]}`, reason: 'It is over', at: expect.any(String) },
    });
    await tocsin.sequenced();
    expect(await tablesHolding(tocsin, value)).toEqual([]);
    expect(await tablesHolding(tocsin, object.id)).toEqual([]);
    expect(
      await tocsin.sql(
        `select kind, version_id, stix_id, audience_id from log l join realm r on r.id = l.realm_id
         where r.slug = $1 and (version_id is not null or stix_id <> '' or audience_id <> 0)`,
        [exercise.slug],
      ),
    ).toEqual([]);
    const stays = new Set((await tocsin.sql('select id from audit')).map(({ id }) => id));
    expect(audited.every(({ id }) => stays.has(id))).toBe(true);

    for (const one of [played, other]) {
      const refused = await one.sends('get', '/me').expect(401);
      expect(refused.body).toMatchObject({ code: 'key_revoked' });
    }
    await alice.sends('get', `/realms/${exercise.slug}`).expect(404);
    const again = await ends(exercise.slug, 'wipe').expect(200);
    expect(again.body).toEqual(body);
    const same = { ...exercise, name: 'Other', from: inHours(1), until: inHours(2) };
    await admin.sends('post', '/realms').send(same).expect(409);
    const late = { organisation: alice.slug, realm: exercise.slug, role: 'feed' };
    const refused = await admin.sends('post', '/keys').send(late).expect(400);
    expect(refused.body).toMatchObject({ code: 'realm_unknown' });

    // Production continues where it was: no position is used twice, none is lost.
    const [after] = await tocsin.sql<{ head: string }>('select max(seq) as head from log');
    expect(Number(after?.head)).toBeGreaterThanOrEqual(Number(before?.head));
    const fresh = indicator();
    await alice.shares(fresh);
    expect((await bob.reads({ after: next, as_posted: true })).objects).toEqual([fresh]);
    expect(await bob.sees()).toEqual(expect.arrayContaining([real.id, fresh.id]));
    webhooks.answers(() => ({}));
  });

  it('no reader loses its position, whether the log began or ended with the exercise', async () => {
    const alone = await startTocsin();
    try {
      const chief = await anActor(alone, { role: 'admin' });
      const [one, two] = [await anActor(alone), await anActor(alone)];
      const exercise = await anExercise(alone, [one]);
      const played = await playing(alone, one, exercise);
      await played.shares([indicator(), indicator(), indicator()]);
      const { next } = await two.reads();
      const real = indicator();
      await one.shares(real);
      await played.shares([indicator(), indicator(), indicator()]);
      const { next: last } = await two.reads();
      for (const how of ['archive', 'wipe']) {
        const path = `/realms/${exercise.slug}/${how}`;
        await chief.sends('post', path).send({ reason: 'Over' }).expect(200);
      }
      expect((await two.reads({ after: next, as_posted: true })).objects).toEqual([real]);
      expect((await two.reads({ after: last })).objects).toEqual([]);
      const fresh = indicator();
      await one.shares(fresh);
      expect((await two.reads({ after: last, as_posted: true })).objects).toEqual([fresh]);
    } finally {
      await alone.close();
    }
  });
});
