/**
 * Audiences made up by one member: none is left of a request that stores nothing, they have a quota,
 * what nobody uses is swept away, and no reader pays for their number.
 */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sweepUnions } from '../../src/store/content/audiences.ts';
import { anActor, outcomes, slug, type Actor } from '../support/actors.ts';
import { indicator, newer } from '../support/builders.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

const QUOTA = 3;

let tocsin: Tocsin;
beforeAll(async () => {
  tocsin = await startTocsin({ settings: { TOCSIN_QUOTA_AUDIENCES: String(QUOTA) } });
});
afterAll(() => tocsin.close());

async function unions(): Promise<number> {
  const [row] = await tocsin.sql<{ count: number }>(
    `select count(*)::int as count from audience where kind = 'union'`,
  );
  return row?.count ?? 0;
}

/** A sharer and others of a community of their own. */
async function alliance(others: number): Promise<[Actor, ...Actor[]]> {
  const communities = [slug()];
  const sharer = await anActor(tocsin, { communities });
  const rest: Actor[] = [];
  for (let i = 0; i < others; i++) rest.push(await anActor(tocsin, { communities }));
  return [sharer, ...rest];
}

describe('nothing is left of an audience', () => {
  it('of requests that store nothing, and one of that which does', async () => {
    const [sharer, friend] = (await alliance(1)) as [Actor, Actor];
    const audience = friend.slug;
    const before = await unions();
    const object = indicator();
    await sharer.posts(object, { audience, dry_run: true }).expect(200);
    expect(outcomes(await sharer.posts({ type: 'indicator', id: 'x' }, { audience }))).toHaveLength(
      1,
    );
    await sharer.posts([object, { id: 'x' }], { audience, atomic: true }).expect(422);
    const preview = { audience: [audience], objects: [object] };
    await sharer.sends('post', '/audiences/preview').send(preview).expect(200);
    await sharer
      .sends('patch', `/objects/${object.id}`)
      .send({ audience: [audience] })
      .expect(404);
    expect(await unions()).toBe(before);
    await sharer.shares(object);
    // Unchanged: nothing is stored, so nothing is readdressed.
    expect(outcomes(await sharer.posts(object, { audience }))).toEqual(['unchanged']);
    expect(await unions()).toBe(before);
    await sharer.shares(newer(object), { audience });
    expect(await unions()).toBe(before + 1);
  });
});

describe('the quota of audiences', () => {
  it('holds for requests that come at once; what is known may still be shared with', async () => {
    const [sharer, ...friends] = await alliance(8);
    const answers = await Promise.all(
      friends.map((friend) => sharer.posts(indicator(), { audience: friend.slug })),
    );
    const taken = answers.filter(({ status }) => status === 200);
    const refused = answers.filter(({ status }) => status === 409);
    expect([taken.length, refused.length]).toEqual([QUOTA, friends.length - QUOTA]);
    expect(refused[0]?.body).toMatchObject({ code: 'audience_limit', limit: QUOTA });
    const known = friends.find((_, i) => answers[i]?.status === 200);
    await sharer.shares(indicator(), { audience: known?.slug });
    await sharer.shares(indicator());
  });

  it('counts for each who shares with a union, so that the count tells nothing of others', async () => {
    const [first, second, friend] = (await alliance(3)) as [Actor, Actor, Actor];
    const used = async (actor: Actor): Promise<unknown> => {
      const { body } = await actor.sends('get', `/organisations/${actor.slug}/quotas`).expect(200);
      return body.audiences.used;
    };
    const audience = `${first.slug},${second.slug},${friend.slug}`;
    expect(await used(second)).toBe(0);
    await first.shares(indicator(), { audience });
    const before = await unions();
    await second.shares(indicator(), { audience });
    expect([await unions(), await used(first), await used(second)]).toEqual([before, 1, 1]);
  });

  it('never keeps a member from taking back what it shared', async () => {
    const [sharer, ...friends] = await alliance(QUOTA + 1);
    const object = indicator();
    await sharer.shares(object);
    for (const { slug: audience } of friends.slice(0, QUOTA)) {
      await sharer.shares(indicator(), { audience });
    }
    await sharer
      .sends('patch', `/objects/${object.id}`)
      .send({ audience: [sharer.slug] })
      .expect(204);
    for (const friend of friends) expect(await friend.sees()).not.toContain(object.id);
  });
});

/** A connection as the role of shared content, in a transaction. */
async function within<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: tocsin.databaseUrl,
    options: '-c role=tocsin_app',
  });
  await client.connect();
  try {
    await client.query('begin');
    return await work(client);
  } finally {
    await client.end();
  }
}

describe('the sweep', () => {
  const sweep = () => sweepUnions(tocsin.db, { ageSeconds: -60, max: 1000 });
  const intern = `select intern_union(1::smallint, array[1, 2], sha256('sweep'), null) as id`;

  it('leaves what is used, and deletes what is not', async () => {
    const [sharer, friend] = (await alliance(1)) as [Actor, Actor];
    const object = indicator();
    await sharer.shares(object, { audience: friend.slug });
    await sweep();
    const used = await unions();
    await tocsin.sql(intern);
    expect(await unions()).toBe(used + 1);
    expect(await sweep()).toBe(1);
    expect(await unions()).toBe(used);
    expect(await friend.sees()).toContain(object.id);
  });

  it('gives back the quota for a union to which nothing of the organisation is addressed', async () => {
    const [sharer, friend] = (await alliance(2)) as [Actor, Actor];
    await sharer.shares(indicator(), { audience: friend.slug });
    await tocsin.sql(`insert into union_use (audience_id, organisation_id)
      select u.audience_id, o.id from union_use u join organisation s on s.id = u.organisation_id,
        organisation o where s.slug = '${sharer.slug}' and o.slug = '${friend.slug}'`);
    const uses = () =>
      tocsin.sql(`select slug from union_use u join organisation o on o.id = u.organisation_id
        where slug in ('${sharer.slug}', '${friend.slug}')`);
    expect(await uses()).toHaveLength(2);
    expect(await sweep()).toBe(0);
    expect(await uses()).toEqual([{ slug: sharer.slug }]);
  });

  it('leaves what somebody is about to use, until that was given up', async () => {
    await tocsin.sql(intern);
    await within(async (client) => {
      await client.query(`select hold_union(1::smallint, sha256('sweep'), null)`);
      expect(await sweep()).toBe(0);
      await client.query('rollback');
    });
    expect(await sweep()).toBe(1);
  });

  it('leaves what came to be used while it looked', async () => {
    const [{ id } = { id: 0 }] = await tocsin.sql<{ id: number }>(intern);
    await within(async (client) => {
      await client.query(`select hold_union(1::smallint, sha256('sweep'), null),
        set_config('tocsin.organisation', '1', true), set_config('tocsin.realm', '1', true)`);
      await client.query(
        `insert into inbox (turn, kind, stix_id, organisation_id, audience_id, tlp, realm_id)
           select turn, 'withdraw', 'indicator--0', 1, $1, 0, 1 from inbox_turn`,
        [id],
      );
      expect(await sweep()).toBe(0);
      await client.query('commit');
    });
    expect(await sweep()).toBe(0);
    await tocsin.sequenced();
    expect(await sweep()).toBe(0);
  });

  it('is waited for by a post to a union that it is deleting, which is then created again', async () => {
    const [{ id } = { id: 0 }] = await tocsin.sql<{ id: number }>(intern.replace('sweep', 'swept'));
    const sweeper = new pg.Client({ connectionString: tocsin.databaseUrl });
    await sweeper.connect();
    await sweeper.query(`begin; select sweep_unions('-1 minute', 1000)`);
    const again = within(async (client) => {
      const { rows } = await client.query<{ id: number }>(intern.replace('sweep', 'swept'));
      await client.query('commit');
      return rows[0]?.id;
    });
    const waiting = () =>
      tocsin.sql(
        `select from pg_stat_activity where datname = current_database()
           and wait_event_type = 'Lock' and query like '%intern_union%'`,
      );
    await expect.poll(waiting).toHaveLength(1);
    await sweeper.query('commit');
    await sweeper.end();
    const made = await again;
    expect(made).toBeLessThan(0);
    expect(made).not.toBe(id);
    const parts = await tocsin.sql(`select part_id from audience_part where audience_id = $1`, [
      made,
    ]);
    expect(parts).toHaveLength(2);
  });
});

describe('the number of audiences', () => {
  /** Pages of tables and indexes that a statement touches, run once before. */
  async function buffersOf(role: string, statement: string): Promise<number> {
    const client = new pg.Client({
      connectionString: tocsin.databaseUrl,
      options: `-c role=${role}`,
    });
    await client.connect();
    try {
      await client.query(statement);
      const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: Record<string, number> }] }>(
        `explain (analyze, buffers, format json) ${statement}`,
      );
      const plan = rows[0]?.['QUERY PLAN'][0].Plan ?? {};
      return (plan['Shared Hit Blocks'] ?? 0) + (plan['Shared Read Blocks'] ?? 0);
    } finally {
      await client.end();
    }
  }

  it('does not add to the work of a look-up, a page or a fan-out', async () => {
    const [sharer, reader] = (await alliance(1)) as [Actor, Actor];
    await sharer.shares(
      Array.from({ length: 50 }, () => indicator()),
      { audience: reader.slug },
    );
    await sharer.shares(Array.from({ length: 50 }, () => indicator()));
    const [ids] = await tocsin.sql<{ id: number; self: number; head: number }>(
      `select o.id, a.id as self, (select max(seq) from log)::int as head
         from organisation o join audience a on a.organisation_id = o.id where o.slug = $1`,
      [reader.slug],
    );
    const { id = 0, self = 0, head = 0 } = ids ?? {};
    const of = { organisation: id, realm: 1, ceiling: 3, cleared: true };
    const page = { number: 0, ...of, after: head - 100, up_to: head, row_max: 100, bytes_max: 1e9 };
    const part = { number: 0, after: head - 100, up_to: head, row_max: 100, viewers: [1] };
    const statements = {
      viewer: ['tocsin_server', `select * from viewer_of(${id}, 1::smallint)`],
      page: ['tocsin_app', `select * from read_log('${JSON.stringify([page])}')`],
      places: [
        'tocsin_app',
        `select * from read_places('${JSON.stringify([of])}', '${JSON.stringify([part])}', 1000000)`,
      ],
      standing: ['tocsin_server', 'select * from standing_now'],
    } as const;
    const measure = async () => {
      await tocsin.sql('vacuum analyze audience, audience_part');
      const buffers: Record<string, number> = {};
      for (const [name, [role, statement]] of Object.entries(statements)) {
        buffers[name] = await buffersOf(role, statement);
      }
      return buffers;
    };
    const make = (count: number) =>
      tocsin.sql(
        `with made as (
           insert into audience (id, realm_id, kind, parts_hash)
           select -nextval('union_id_seq'), 1, 'union', sha256(random()::text::bytea)
           from generate_series(1, $2) returning id)
         insert into audience_part (audience_id, part_id)
           select id, part from made, unnest(array[$1::integer, 1]) as part`,
        [self, count],
      );
    // Some at first, so that the indexes are as deep then as they are at last.
    await make(1000);
    const few = await measure();
    await make(19_000);
    const many = await measure();
    for (const [name, buffers] of Object.entries(few)) {
      expect(buffers, name).toBeGreaterThan(0);
      // Whether an index alone answers depends on what other sessions still see: a page for each row.
      expect(many[name], name).toBeLessThan(buffers * 1.8 + 10);
    }
    expect(await reader.sees()).toHaveLength(100);
  });
});
