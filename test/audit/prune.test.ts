import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chainAll } from '../../src/audit/chain.ts';
import { pruneAudit } from '../../src/audit/prune.ts';
import { announcePrune, dropPruned } from '../../src/store/audit/prune.ts';
import { auditGround, type AuditGround } from './ground.ts';

let ground: AuditGround;
beforeEach(async () => {
  ground = await auditGround();
  await ground.owner.query(`select ensure_audit_month(m::date)
    from generate_series(timestamp '2024-01-01', '2024-03-01', interval '1 month') as m`);
  await ground.owner.query(`insert into audit (at, actor, action, detail)
    select t, 'test', 'long ago', '{}' from unnest(array['2024-01-10T00:00Z', '2024-02-10T00:00Z',
      '2024-01-31T23:59:59.999999Z', '2024-02-29T12:00Z', '2024-03-01T00:00Z']::timestamptz[]) as t`);
  await ground.acts(3);
});
afterEach(() => ground.close());

const prune = (before: string) =>
  pruneAudit(ground.db, ground.keyring, { before: new Date(before), actor: 'test' });

describe('retention of the audit', () => {
  it('drops whole months and leaves an audit that verifies, again and again', async () => {
    const kept = await ground.signs();
    expect(await prune('2024-02-15T00:00Z')).toEqual(['2024-01']);
    const later = await ground.signs();
    expect(await ground.verdict([kept])).toMatchObject({ ok: true, size: 9, rows: 7, pruned: 2 });
    expect(await prune('2024-02-15T00:00Z')).toEqual([]);
    expect(await prune('2024-04-01T00:00Z')).toEqual(['2024-02', '2024-03']);
    await ground.acts(1);
    await ground.signs();
    expect(await ground.verdict([kept, later])).toMatchObject({ ok: true, size: 11, pruned: 5 });
  });

  it('never drops this month, nor what no checkpoint covers', async () => {
    await chainAll(ground.db);
    const early = announcePrune(ground.url, new Date('2024-02-15T00:00Z'), 'test');
    await expect(early).rejects.toThrow(/not under a checkpoint/);
    await ground.signs();
    expect(await prune('2999-01-01T00:00Z')).toEqual(['2024-01', '2024-02', '2024-03']);
    await ground.signs();
    expect(await ground.verdict()).toMatchObject({ ok: true, rows: 4 });
  });

  it('names the months in a signed entry before it drops anything', async () => {
    await ground.signs();
    await announcePrune(ground.url, new Date('2024-02-15T00:00Z'), 'test');
    await chainAll(ground.db);
    expect(await dropPruned(ground.url)).toEqual([]);
    await ground.signs();
    expect(await ground.verdict()).toMatchObject({ ok: true, pruned: 0 });
    expect(await dropPruned(ground.url)).toEqual(['2024-01']);
    expect(await ground.verdict()).toMatchObject({ ok: true, pruned: 2 });
  });

  it('does not cover up a month that was dropped without it', async () => {
    await ground.signs();
    await prune('2024-02-15T00:00Z');
    await ground.owner.query('drop table audit_2024_02');
    expect((await ground.verdict()).fault).toMatchObject({ kind: 'removed', position: 1 });
  });

  it('does not cover for a row of a month that it names while the others are there', async () => {
    await ground.signs();
    await announcePrune(ground.url, new Date('2024-02-15T00:00Z'), 'test');
    await ground.signs();
    await ground.tampers(`delete from audit where at = '2024-01-10T00:00Z'`);
    expect((await ground.verdict()).fault).toMatchObject({ kind: 'removed', position: 0 });
  });

  it('does not cover for a row that is passed off as of a month that was dropped', async () => {
    await ground.signs();
    await prune('2024-02-15T00:00Z');
    await ground.tampers(`delete from audit where at = '2024-02-29T12:00Z';
      update audit_leaf set month = '2024-01-01' where position = 3`);
    expect((await ground.verdict()).fault).toMatchObject({ kind: 'altered', position: 3 });
  });
});

/** What an entry must say of the leaves of a month. */
const NAMED = `(select jsonb_build_object('month', to_char(month, 'YYYY-MM'), 'rows', count(*),
  'digest', encode(sha256(string_agg(hash, ''::bytea order by position)), 'hex'))
  from audit_leaf where month = $month group by month)`;

describe('an entry of retention that somebody else made', () => {
  const forge = (at: string, month: string) =>
    ground.owner.query(`insert into audit (at, actor, action, detail) select ${at}, 'owner',
      'audit.prune', jsonb_build_object('pruned',
        jsonb_build_array(${NAMED.replace('$month', month)}))`);
  const faultAfter = async (tampering: string) => {
    await ground.signs();
    await ground.tampers(tampering);
    return (await ground.verdict()).fault;
  };

  it('does not cover for a row of the present month', async () => {
    await ground.signs();
    await forge('now()', `date_trunc('month', now() at time zone 'UTC')`);
    const fault = await faultAfter(`delete from audit where action = 'act 2'`);
    expect(fault).toMatchObject({ kind: 'pruned', position: 8 });
  });

  it('does not when it is dated after the month, which has not ended', async () => {
    await ground.signs();
    await forge(`now() + interval '40 days'`, `date_trunc('month', now() at time zone 'UTC')`);
    const fault = await faultAfter(`delete from audit where action = 'act 2'`);
    expect(fault).toMatchObject({ kind: 'misdated', position: 8 });
  });

  it('does not before a checkpoint covers the month', async () => {
    await chainAll(ground.db);
    await forge('now()', `'2024-01-01'`);
    const fault = await faultAfter(`delete from audit where at < '2024-02-01'`);
    expect(fault).toMatchObject({ kind: 'pruned', position: 8 });
  });

  it('does not when a row of the month comes afterwards', async () => {
    await ground.signs();
    await prune('2024-02-15T00:00Z');
    await ground.owner.query(`select ensure_audit_month('2024-01-01')`);
    await ground.owner.query(`insert into audit (at, actor, action, detail)
      values ('2024-01-20T00:00Z', 'owner', 'late', '{}')`);
    expect(await faultAfter('')).toMatchObject({ kind: 'misdated' });
  });

  it('does not when it counts wrongly', async () => {
    await ground.signs();
    await ground.owner.query(`insert into audit (actor, action, detail) values ('owner',
      'audit.prune', '{"pruned": [{"month": "2024-01", "rows": 3, "digest": ""}]}')`);
    expect(await faultAfter('')).toMatchObject({ kind: 'pruned' });
  });
});
