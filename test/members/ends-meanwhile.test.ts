import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sequenceInbox } from '../../src/store/content/log.ts';
import { anActor, slug } from '../support/actors.ts';
import { indicator } from '../support/builders.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

let tocsin: Tocsin;

beforeAll(async () => {
  tocsin = await startTocsin();
});
afterAll(() => tocsin.close());

/** Who has replaced the only version of an object, and has not committed it yet. */
async function replacing(id: string): Promise<pg.Client> {
  const writer = new pg.Client({ connectionString: tocsin.databaseUrl });
  await writer.connect();
  await writer.query('begin');
  await writer.query(`select take_lock('writers', true)`);
  await writer.query('update version set superseded = true where stix_id = $1', [id]);
  await writer.query(
    `insert into version (realm_id, organisation_id, stix_id, type, modified, audience_id, tlp,
       revoked, content_hash, content, audit_id)
     select realm_id, organisation_id, stix_id, type, modified + interval '1 s', audience_id, tlp,
       revoked, content_hash, content, audit_id from version where stix_id = $1`,
    [id],
  );
  return writer;
}

it('what is being replaced when an agreement ends by time is withdrawn', async () => {
  const community = slug();
  const owner = await anActor(tocsin, { communities: [community] });
  // Two, since withdrawals are sent one after another.
  const leavers = [
    await anActor(tocsin, { communities: [community] }),
    await anActor(tocsin, { communities: [community] }),
  ];
  const slugs = leavers.map((leaver) => leaver.slug);
  const object = indicator();
  await owner.shares(object);
  const places = await Promise.all(
    leavers.map(async (leaver) => (await leaver.reads({ limit: 10_000 })).next),
  );
  const writer = await replacing(object.id);
  const theirs = 'where organisation_id in (select id from organisation where slug = any($1))';
  await tocsin.sql(
    `with ended as (update agreement set valid_until = now() ${theirs})
     update member_standing set holds_until = now() ${theirs}`,
    [slugs],
  );
  const step = sequenceInbox(tocsin.db, 5000);
  const waiting = `select from pg_stat_activity
    where datname = current_database() and wait_event = 'advisory'`;
  const isWaiting = expect
    .poll(async () => (await tocsin.sql(waiting)).length, { interval: 5 })
    .toBeGreaterThan(0);
  await Promise.race([step, isWaiting]);
  await writer.query('commit');
  await writer.end();
  await step;
  for (const [i, leaver] of leavers.entries()) {
    await expect
      .poll(async () => (await leaver.reads({ after: places[i] ?? '' })).withdrawn)
      .toEqual([object.id]);
  }
});
