import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chainAll } from '../../src/audit/chain.ts';
import { auditSigners, signHead } from '../../src/audit/checkpoint.ts';
import { signCheckpoint, signerOf } from '../../src/audit/note.ts';
import { chainAudit, findAuditSize, findOrigin } from '../../src/store/audit/tree.ts';
import { auditGround, noteAct, RECOMPUTE, type AuditGround } from './ground.ts';

let ground: AuditGround;
beforeEach(async () => {
  ground = await auditGround();
});
afterEach(() => ground.close());

describe('an audit that nobody touched', () => {
  it('is whole: empty, pending, chained, signed', async () => {
    expect(await ground.verdict()).toMatchObject({ ok: true, size: 0, checkpoints: 0 });
    await ground.acts(7);
    expect(await ground.verdict()).toMatchObject({ ok: true, size: 0, pending: 7 });
    await chainAll(ground.db);
    expect(await ground.verdict()).toMatchObject({ ok: true, size: 7, unsigned: 7, pending: 0 });
    await ground.signs();
    await ground.acts(2);
    const kept = await ground.signs();
    expect(await ground.verdict([kept])).toMatchObject({ ok: true, rows: 9, checkpoints: 2 });
  });

  it('is the same tree whatever the chunks, with texts of any kind', async () => {
    const odd = 'a "b" \\ \n \t \u0001 \u007f \u2028 é 🔔';
    for (let i = 0; i < 40; i++) {
      const detail = { [odd]: odd, big: 2 ** 60, deep: [{ a: null }] };
      await noteAct(ground.db, { actor: odd, action: `act ${i}`, detail });
      if (i % 3 === 0) await chainAudit(ground.db, 1 + (i % 5));
    }
    await ground.signs();
    expect(await ground.verdict()).toMatchObject({ ok: true, size: 40, unsigned: 0 });
  });

  it('has every row once when several processes chain while others write', async () => {
    const write = async (writer: number) => ground.acts(25, `writer ${writer}`);
    const chain = async () => {
      for (let i = 0; i < 30; i++) await chainAudit(ground.db, 3);
    };
    await Promise.all([write(1), write(2), write(3), chain(), chain()]);
    await ground.signs();
    expect(await ground.verdict()).toMatchObject({ ok: true, size: 75, pending: 0 });
  });

  it('chains a row that commits after those that took their numbers later', async () => {
    await ground.owner.query(`begin; insert into audit (actor, action, detail)
      values ('slow', 'first', '{}')`);
    await ground.acts(3);
    await ground.signs();
    await ground.owner.query('commit');
    await ground.signs();
    expect(await ground.verdict()).toMatchObject({ ok: true, size: 4 });
  });

  it('turns over what is pending without losing a row', async () => {
    for (let round = 0; round < 3; round++) {
      await ground.owner.query(`insert into audit (actor, action, detail)
        select 'bulk', 'row ' || i, '{}' from generate_series(1, 12000) as i`);
      await chainAll(ground.db);
    }
    await ground.acts(1);
    await ground.signs();
    const { rows } = await ground.owner.query(`select
      (select count(*)::integer from audit_pending) as pending,
      pg_relation_size('audit_pending_0') + pg_relation_size('audit_pending_1') < 1.2e6 as small`);
    expect(rows).toEqual([{ pending: 0, small: true }]);
    expect(await ground.verdict()).toMatchObject({ ok: true, size: 36_001 });
  });
});

describe('an audit that somebody touched', () => {
  beforeEach(async () => {
    await ground.acts(9);
    await ground.signs();
    await ground.acts(4, 'later');
    await ground.signs();
  });
  const faultOf = async (kept: string[] = []) => {
    const { ok, fault } = await ground.verdict(kept);
    expect(ok).toBe(fault === undefined);
    return fault;
  };

  it('tells a row that was altered, and which', async () => {
    await ground.tampers(`update audit set action = 'nothing' where action = 'act 5'`);
    expect(await faultOf()).toMatchObject({ kind: 'altered', position: 4, auditId: '5' });
  });

  it('tells it when every hash was recomputed', async () => {
    await ground.tampers(`update audit set actor = 'x' where action = 'act 5'; ${RECOMPUTE}`);
    expect(await faultOf()).toEqual({ kind: 'tree', position: 9 });
  });

  it('tells a row that was removed', async () => {
    await ground.tampers(`delete from audit where action = 'act 3'`);
    expect(await faultOf()).toMatchObject({ kind: 'removed', position: 2, auditId: '3' });
  });

  it('tells a row that was removed with its leaf', async () => {
    await ground.tampers(`delete from audit where action = 'act 3';
      delete from audit_leaf where position = 2`);
    expect(await faultOf()).toMatchObject({ kind: 'gap', position: 2 });
  });

  it('tells a row that was removed and the others moved up', async () => {
    await ground.tampers(`delete from audit where action = 'act 3';
      delete from audit_leaf where position = 2;
      update audit_leaf set position = position - 100 where position > 2;
      update audit_leaf set position = position + 99 where position < 0; ${RECOMPUTE}`);
    expect(await faultOf()).toMatchObject({ kind: 'tree', position: 9 });
  });

  it('tells rows that changed places', async () => {
    await ground.tampers(`
      update audit_leaf set position = case position when 3 then -6 else -3 end
        where position in (3, 6);
      update audit_leaf set position = -position where position < 0; ${RECOMPUTE}`);
    expect(await faultOf()).toMatchObject({ kind: 'tree', position: 9 });
  });

  it('tells a node that was altered', async () => {
    await ground.tampers(`update audit_node set hash = sha256('') where level = 2 and place = 1`);
    expect(await faultOf()).toEqual({ kind: 'node', position: 4 });
  });

  it('tells a checkpoint that was forged', async () => {
    const origin = await findOrigin(ground.db);
    const forger = signerOf(origin, Buffer.alloc(32, 1));
    const parts = { slots: 64, root: Buffer.alloc(32) };
    const signedAt = '2030-01-01T00:00:00.000000Z';
    const made = { origin, size: 13, root: Buffer.alloc(32), previous: 9, parts, signedAt };
    const note = signCheckpoint(made, [forger]);
    await ground.owner.query('begin');
    await ground.owner.query('alter table audit_checkpoint disable trigger user');
    await ground.owner.query('update audit_checkpoint set note = $1 where size = 13', [note]);
    await ground.owner.query('alter table audit_checkpoint enable trigger user');
    await ground.owner.query('commit');
    expect(await faultOf()).toEqual({ kind: 'forged', position: 13 });
  });

  it('tells that the end was cut off, and whole with the checkpoint by one kept elsewhere', async () => {
    const kept = await ground.signs();
    const cut = `delete from audit where action like 'later%';
      delete from audit_leaf where position >= 9`;
    await ground.tampers(`${cut}; ${RECOMPUTE}`);
    expect(await faultOf()).toEqual({ kind: 'truncated', position: 13 });
    await ground.tampers(`delete from audit_checkpoint where size > 9`);
    expect(await faultOf()).toBeUndefined();
    expect(await faultOf([kept])).toEqual({ kind: 'truncated', position: 13 });
  });

  it('tells leaves cut off that no checkpoint covered', async () => {
    await ground.acts(3, 'unsigned');
    await chainAll(ground.db);
    await ground.tampers(`delete from audit where action like 'unsigned%';
      delete from audit_leaf where position >= 13`);
    expect(await faultOf()).toMatchObject({ kind: 'truncated' });
  });

  it('tells rows put there past the chain, and those that vanished before it', async () => {
    await ground.tampers(`insert into audit (id, actor, action, detail)
      values (900, 'nobody', 'planted', '{}')`);
    expect(await faultOf()).toMatchObject({ kind: 'stray', auditId: '900' });
    await ground.tampers(`delete from audit where id = 900`);
    await ground.acts(1, 'young');
    await ground.tampers(`delete from audit where action = 'young 1'`);
    expect(await faultOf()).toMatchObject({ kind: 'removed', position: 13 });
    await expect(chainAll(ground.db)).rejects.toThrow(/hash/);
  });

  it('is not signed over: the next checkpoint is refused', async () => {
    await ground.tampers(`update audit set actor = 'x' where action = 'act 5'; ${RECOMPUTE}`);
    await ground.acts(1);
    await chainAll(ground.db);
    await expect(signHead(ground.db, ground.keyring)).rejects.toThrow(/does not continue/);
    const signers = await auditSigners(ground.db, ground.keyring);
    expect(signers).toHaveLength(1);
    expect(await findAuditSize(ground.db)).toBe(14);
  });
});

describe('the tables of the audit', () => {
  it.each(['audit', 'audit_leaf', 'audit_node', 'audit_checkpoint', 'audit_origin'])(
    'refuse a change of %s, even by the owner',
    async (table) => {
      await ground.acts(4);
      await ground.signs();
      const column = { audit_origin: 'origin', audit_checkpoint: 'note' }[table] ?? 'ctid';
      const refused = /append-only/;
      if (column !== 'ctid') {
        await expect(ground.owner.query(`update ${table} set ${column} = 'x'`)).rejects.toThrow(
          refused,
        );
      }
      await expect(ground.owner.query(`delete from ${table}`)).rejects.toThrow(refused);
      await expect(ground.owner.query(`truncate ${table}`)).rejects.toThrow(refused);
    },
  );

  it('refuse it on a partition, and refuse everything to the roles of the application', async () => {
    await ground.acts(1);
    const { rows } = await ground.owner.query<{ name: string }>(
      `select tableoid::regclass::text as name from audit limit 1`,
    );
    const name = rows[0]?.name ?? '';
    for (const sql of [`update ${name} set actor = 'x'`, `delete from ${name}`]) {
      await expect(ground.owner.query(sql)).rejects.toThrow(/append-only/);
    }
    await expect(ground.owner.query(`truncate ${name}`)).rejects.toThrow(/append-only/);
    for (const pool of [ground.db.content, ground.db.server]) {
      for (const table of ['audit', name, 'audit_leaf', 'audit_node', 'audit_checkpoint']) {
        await expect(pool.$executeRawUnsafe(`delete from ${table}`)).rejects.toThrow(/permission/);
        await expect(pool.$executeRawUnsafe(`truncate ${table}`)).rejects.toThrow(/permission/);
      }
    }
  });
});
