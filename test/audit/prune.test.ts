import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pruneAudit } from '../../src/store/audit-prune.ts';
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

const prune = (before: string) => pruneAudit(ground.url, new Date(before), 'test');

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
    await expect(prune('2024-02-15T00:00Z')).rejects.toThrow(/not under a checkpoint/);
    await ground.signs();
    expect(await prune('2999-01-01T00:00Z')).toEqual(['2024-01', '2024-02', '2024-03']);
    await ground.signs();
    expect(await ground.verdict()).toMatchObject({ ok: true, rows: 4 });
  });

  it('does not cover for whoever drops a month without it', async () => {
    await ground.signs();
    await prune('2024-02-15T00:00Z');
    await ground.signs();
    await ground.owner.query('drop table audit_2024_02');
    expect((await ground.verdict()).fault).toMatchObject({ kind: 'removed', position: 1 });
  });

  it('does not cover for a row that is passed off as of a month that was dropped', async () => {
    await ground.signs();
    await prune('2024-02-15T00:00Z');
    await ground.signs();
    await ground.tampers(`delete from audit where at = '2024-02-29T12:00Z';
      update audit_leaf set month = '2024-01-01' where position = 3`);
    expect((await ground.verdict()).fault).toMatchObject({ kind: 'pruned' });
  });
});
