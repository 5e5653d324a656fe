import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readPage } from '../../src/log/reader.ts';
import { memberOfOrganisation } from '../../src/access/authenticate.ts';
import { createOrganisation } from '../../src/members/create.ts';
import type { Viewer } from '../../src/sharing/viewer.ts';
import { openDatabase, type Database } from '../../src/store/postgres/database.ts';
import { findLogBounds, findSequencerLag, sequenceInbox } from '../../src/store/content/log.ts';
import { resetDatabase, testDatabaseUrl } from '../support/database.ts';
import { sequenceAll } from '../support/tocsin.ts';

let url: string;
let viewer: Viewer;
let db: Database;
let owner: pg.Client;
const writers: pg.Client[] = [];

beforeAll(async () => {
  url = await testDatabaseUrl();
  db = openDatabase({ url, poolMax: 4, onError: () => undefined });
  owner = await connect();
});
beforeEach(async () => {
  await resetDatabase(url);
  const facts = { name: 'Reader', kind: 'allied_nation', defaultTlp: 'amber' } as const;
  const wish = { ...facts, slug: 'reader', communities: ['alliance'], ceiling: 'red' } as const;
  await createOrganisation(db, wish, 'test');
  ({ viewer } = await memberOfOrganisation(db, 'reader', 'test'));
});
afterAll(async () => {
  await Promise.all([db.close(), owner.end(), ...writers.map((writer) => writer.end())]);
});

async function connect(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

async function aWriter(): Promise<pg.Client> {
  const writer = await connect();
  writers.push(writer);
  return writer;
}

/** Puts withdrawals in the inbox, the one kind of row that needs no version. */
function queue(client: pg.Client, name: string, rows = 1): Promise<unknown> {
  return client.query(
    `insert into inbox (turn, kind, stix_id, organisation_id, audience_id, tlp, realm_id)
     select turn, 'withdraw', $1 || '-' || n, 1, ${viewer.self}, 0, 1 from generate_series(1, $2::int) n, inbox_turn`,
    [name, rows],
  );
}

async function logged(): Promise<{ seq: number; stix_id: string; date_added: Date }[]> {
  const { rows } = await owner.query(
    'select seq::float8 as seq, stix_id, date_added from log order by seq',
  );
  return rows;
}

async function readAll(after = 0): Promise<{ names: string[]; next: number }> {
  const { rows, next } = await readPage(db, viewer, { after, limit: 100_000 });
  return { names: rows.map(({ stixId }) => stixId), next };
}

it('takes what is committed, in gapless numbers, each at its own time', async () => {
  await queue(owner, 'a', 2500);
  await queue(owner, 'b', 2600);
  expect(await sequenceInbox(db, 5000)).toEqual({ moved: 5000, head: 5000 });
  expect(await sequenceInbox(db, 5000)).toEqual({ moved: 100, head: 5100 });
  const rows = await logged();
  expect(rows.map(({ seq }) => seq)).toEqual(rows.map((_, i) => i + 1));
  const { rows: ties } = await owner.query(
    'select from (select date_added <= lag(date_added) over (order by seq) as tie from log) as t where tie',
  );
  expect(ties).toEqual([]);
});

it('one that writes slowly is neither waited for nor skipped, one that rolls back leaves no gap', async () => {
  const [slow, failing, fast] = [await aWriter(), await aWriter(), await aWriter()];
  await slow.query('begin');
  await queue(slow, 'slow');
  await failing.query('begin');
  await queue(failing, 'failing');
  await queue(fast, 'fast');
  await sequenceAll(db);
  const first = await readAll();
  expect(first.names).toEqual(['fast-1']);
  await failing.query('rollback');
  await slow.query('commit');
  await sequenceAll(db);
  // A reader over the numbers that writers drew would now be past the slow one.
  const second = await readAll(first.next);
  expect(second.names).toEqual(['slow-1']);
  expect((await logged()).map(({ seq }) => seq)).toEqual([1, 2]);
});

it('under many writers that commit in any order, and sequencers at once, nothing is skipped or twice', async () => {
  const clients = await Promise.all([aWriter(), aWriter(), aWriter(), aWriter()]);
  let writing = true;
  const write = async (client: pg.Client, writer: number): Promise<string[]> => {
    const kept: string[] = [];
    for (let i = 0; i < 60; i++) {
      const name = `w${writer}-${i}`;
      await client.query('begin');
      await queue(client, name);
      if (i % 3 === 0) await client.query('select pg_sleep(random() / 200)');
      const commits = i % 5 !== 0;
      await client.query(commits ? 'commit' : 'rollback');
      if (commits) kept.push(`${name}-1`);
    }
    return kept;
  };
  const sequence = async () => {
    while (writing) await sequenceInbox(db, 7);
  };
  const seen: string[] = [];
  const read = async () => {
    let after = 0;
    for (let last = false; ;) {
      const page = await readAll(after);
      seen.push(...page.names);
      after = page.next;
      if (last) return;
      last = !writing;
      if (last) await sequenceAll(db);
    }
  };
  const work = Promise.all(clients.map(write)).finally(() => (writing = false));
  const [kept] = await Promise.all([work, sequence(), sequence(), read()]);
  expect(seen.toSorted()).toEqual(kept.flat().toSorted());
});

it('times continue when the clock is set back', async () => {
  await queue(owner, 'a');
  await sequenceAll(db);
  await owner.query(`update log set date_added = now() + interval '1 hour'`);
  await queue(owner, 'b', 3);
  await sequenceAll(db);
  const rows = await logged();
  for (const [i, row] of rows.entries()) {
    const before = rows[i - 1];
    if (before !== undefined) expect(row.date_added >= before.date_added).toBe(true);
  }
  const { rows: ties } = await owner.query(
    'select from (select date_added <= lag(date_added) over (order by seq) as tie from log) as t where tie',
  );
  expect(ties).toEqual([]);
  expect(rows.at(-1)?.date_added.getTime()).toBeGreaterThan(Date.now() + 3_500_000);
});

describe('the inbox', () => {
  const sizes = async () => {
    const { rows } = await owner.query(
      `select greatest(pg_relation_size('inbox_0'), pg_relation_size('inbox_1'))::float8 as bytes`,
    );
    return rows[0].bytes as number;
  };

  it('stays small while something holds an old snapshot', async () => {
    const holder = await aWriter();
    await holder.query('begin isolation level repeatable read');
    await holder.query('select count(*) from log');
    let most = 0;
    for (let round = 0; round < 40; round++) {
      await queue(owner, `round-${round}`, 5000);
      while ((await sequenceInbox(db, 5000)).moved > 0);
      most = Math.max(most, await sizes());
    }
    await holder.query('commit');
    expect((await findLogBounds(db)).head).toBe(200_000);
    // All rows that ever were in it would be 20 MB and more.
    expect(most).toBeLessThan(8 * 1024 * 1024);
  });

  it('is turned and truncated without losing a row of those who write meanwhile', async () => {
    const clients = await Promise.all([aWriter(), aWriter(), aWriter()]);
    let writing = true;
    const write = async (client: pg.Client, writer: number) => {
      for (let i = 0; i < 40; i++) {
        await client.query('begin');
        await queue(client, `w${writer}-${i}`, 500);
        await client.query('commit');
      }
    };
    const sequence = async () => {
      while (writing) await sequenceInbox(db, 3000);
    };
    const work = Promise.all(clients.map(write)).finally(() => (writing = false));
    await Promise.all([work, sequence()]);
    await sequenceAll(db);
    const { rows } = await owner.query(
      'select count(*)::int as rows, count(distinct stix_id)::int as names, max(seq)::int as head from log',
    );
    expect(rows).toEqual([{ rows: 60_000, names: 60_000, head: 60_000 }]);
    expect((await owner.query('select from inbox')).rowCount).toBe(0);
  });

  it('tells how long what is committed has waited', async () => {
    expect(await findSequencerLag(db)).toBe(0);
    await queue(owner, 'a');
    await owner.query(`update inbox set queued_at = now() - interval '30 s'`);
    expect(await findSequencerLag(db)).toBeGreaterThan(29);
    await sequenceAll(db);
    expect(await findSequencerLag(db)).toBe(0);
  });
});

it('continues in the next partition when one is full', async () => {
  await owner.query(
    `insert into log select 4999998, 'withdraw', null, 'x', 1, ${viewer.self}, 0, 1, now()`,
  );
  await queue(owner, 'a', 5);
  await sequenceAll(db);
  expect((await findLogBounds(db)).head).toBe(5_000_003);
  expect((await owner.query('select from log_1')).rowCount).toBe(4);
});
