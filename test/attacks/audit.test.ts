/** Attacks on the audit by an owner of the database who has no signing key. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseError } from 'pg';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pruneAudit } from '../../src/audit/prune.ts';
import { auditSigners } from '../../src/audit/checkpoint.ts';
import { noteDisclosures } from '../../src/audit/disclosures.ts';
import { vkeyOf } from '../../src/audit/note.ts';
import { readAuditRecords } from '../../src/store/audit/records.ts';
import { addDisclosures } from '../../src/store/audit/disclosures.ts';
import { auditGround, RECOMPUTE, type AuditGround } from '../audit/ground.ts';
import { everyTampering, keepTables, type Tampering } from './audit-tampering.ts';

const SCRIPT = join(import.meta.dirname, '../../docs/verify-audit/export.mjs');

/** What docs/verify-audit.mjs verifies whole exports by. */
interface Offline {
  readonly WholeCheck: new (trust: { vkeys: readonly string[]; against?: readonly string[] }) => {
    take(record: unknown): void;
    end(): string;
  };
}

/** By what a case is found: the audit alone, an older checkpoint, or nothing. */
type Found = 'alone' | 'older' | 'nothing';

/**
 * What the audit alone does not tell; docs/audit.md says so under "What cannot be detected".
 * Everything else must be found without any older checkpoint.
 */
const EXCEPTIONS: Readonly<Record<string, Found>> = {
  'remove the last of audit_checkpoint': 'older',
  'alter audit_pending.turn': 'nothing',
  'alter audit_turn.turn': 'nothing',
  'raise audit_number': 'nothing',
  'alter disclosure.objects': 'nothing',
};

let ground: AuditGround;
let restore: () => Promise<void>;
let tamperings: Tampering[];
let kept: string;
let offline: Offline;
let directory: string;

beforeAll(async () => {
  ground = await auditGround();
  directory = await mkdtemp(join(tmpdir(), 'tocsin-audit-'));
  offline = await imported(SCRIPT);
  await fill(ground);
  kept = await ground.signs();
  await ground.acts(2, 'waiting');
  restore = await keepTables(ground.owner);
  tamperings = await everyTampering(ground.owner);
});
afterAll(async () => {
  await ground.close();
  await rm(directory, { recursive: true });
});

async function imported(path: string): Promise<Offline> {
  return (await import(pathToFileURL(path).href)) as Offline;
}

/** Acts about two organisations and about none, readers, a month that was pruned, checkpoints. */
async function fill({ owner, db, keyring, signs, acts }: AuditGround): Promise<void> {
  await owner.query(`insert into organisation (slug, name, kind, default_tlp)
    select 'org-' || i, 'Organisation ' || i, 'allied_nation', tlp_amber() from generate_series(1, 2) as i;
    select ensure_audit_month(m::date)
      from generate_series(timestamp '2024-01-01', '2024-02-01', interval '1 month') as m;
    select ensure_audit_month((date_trunc('month', now()) + make_interval(months => i))::date)
      from generate_series(-2, 2) as i;
    insert into audit (at, actor, action, detail) select t, 'test', 'long ago', '{}'
      from unnest(array['2024-01-10T00:00Z', '2024-01-20T00:00Z']::timestamptz[]) as t`);
  const about = (i: number): Promise<unknown> =>
    owner.query(
      `insert into audit (organisation_id, realm_id, actor, action, request_id, address, detail)
       select id, 1, 'key ' || id, 'act', 'request ' || $1::text, '192.0.2.1'::inet + $1::integer, '{}'
       from organisation where slug like 'org-%'`,
      [i],
    );
  await acts(2);
  await signs();
  await pruneAudit(db, keyring, { before: new Date('2024-02-01T00:00Z'), actor: 'test' });
  for (let i = 0; i < 4; i++) await about(i);
  const { rows } = await owner.query<{ id: number }>(
    `select id from organisation where slug = 'org-1'`,
  );
  const reader = { organisationId: rows[0]?.id ?? 0, realmId: 1, door: 'changes' };
  for (const i of [1, 2]) {
    await addDisclosures(db, [{ ...reader, reader: `key ${i}`, place: i * 7, objects: i * 3 }]);
    await noteDisclosures(db, keyring, 0);
    await signs();
  }
}

async function exported(): Promise<unknown[]> {
  const records: unknown[] = [];
  await readAuditRecords(ground.db, (line) => records.push(JSON.parse(line)) > 0);
  return records;
}

async function vkeys(): Promise<string[]> {
  return (await auditSigners(ground.db, ground.keyring)).map(vkeyOf);
}

/** Whether an offline verifier finds the export intact. */
function isIntact(
  { WholeCheck }: Offline,
  records: readonly unknown[],
  trust: { vkeys: readonly string[]; against?: readonly string[] },
): boolean {
  try {
    const check = new WholeCheck(trust);
    for (const record of records) check.take(record);
    check.end();
    return true;
  } catch {
    return false;
  }
}

async function foundByServer(): Promise<Found> {
  const holds = async (against: string[]): Promise<boolean> =>
    ground.verdict(against).then(
      ({ ok }) => ok,
      () => false,
    );
  if (!(await holds([]))) return 'alone';
  return (await holds([kept])) ? 'nothing' : 'older';
}

function foundBy(verifier: Offline, records: readonly unknown[], keys: readonly string[]): Found {
  if (!isIntact(verifier, records, { vkeys: keys })) return 'alone';
  const holds = isIntact(verifier, records, { vkeys: keys, against: [kept] });
  return holds ? 'nothing' : 'older';
}

/** Tampers, looks by `look`, and restores. Undefined where a unique index does not let it happen. */
async function under<T>({ sql }: Tampering, look: () => Promise<T>): Promise<T | undefined> {
  try {
    await ground.owner.query(`begin; ${sql}; commit`);
    return await look();
  } catch (error) {
    if (error instanceof DatabaseError && error.code === '23505') return undefined;
    throw error;
  } finally {
    await ground.owner.query('rollback');
    await restore();
  }
}

describe('the owner of the tables, without the signing key', () => {
  it('is found out in every table and column, by the server and offline', async () => {
    const keys = await vkeys();
    expect(await foundByServer()).toBe('nothing');
    expect(foundBy(offline, await exported(), keys)).toBe('nothing');
    expect(tamperings.length).toBeGreaterThan(100);
    const refused: string[] = [];
    const differing: Record<string, [Found, Found]> = {};
    for (const tampering of tamperings) {
      const found = await under(tampering, async (): Promise<[Found, Found]> => [
        await foundByServer(),
        foundBy(offline, await exported(), keys),
      ]);
      const expected = EXCEPTIONS[tampering.name] ?? 'alone';
      if (found === undefined) refused.push(tampering.name);
      else if (found.some((by) => by !== expected)) differing[tampering.name] = found;
    }
    expect(differing).toEqual({});
    expect(refused.filter((name) => !name.startsWith('swap audit_node.'))).toEqual([]);
    const names = new Set(tamperings.map(({ name }) => name));
    expect(Object.keys(EXCEPTIONS).filter((name) => !names.has(name))).toEqual([]);
  }, 300_000);

  it('finds every exception named in the documentation', async () => {
    const text = await readFile(join(SCRIPT, '../../audit.md'), 'utf8');
    expect(Object.keys(EXCEPTIONS).filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
  });

  it('is found out when every hash is recomputed, and by an older checkpoint when all are signed', async () => {
    const keys = await vkeys();
    const cut = `delete from audit where id in (select audit_id from audit_leaf where position > 13);
      delete from audit_leaf where position > 13`;
    const attacks: Readonly<Record<string, [string, Found]>> = {
      'a row altered': [`update audit set actor = 'x' where action = 'act'; ${RECOMPUTE}`, 'alone'],
      'an organisation cleared': [
        `update audit set organisation_id = null where action = 'act'; ${RECOMPUTE}`,
        'alone',
      ],
      'a realm changed': [`update audit set realm_id = null; ${RECOMPUTE}`, 'alone'],
      'the end cut off': [`${cut}; ${RECOMPUTE}`, 'alone'],
      'the end and its checkpoints cut off': [
        `${cut}; delete from disclosure where reader = 'key 2'; ${RECOMPUTE};
         delete from audit_checkpoint where size > 14`,
        'older',
      ],
      'the rows of the month deleted': ['delete from audit', 'alone'],
    };
    for (const [name, [sql, expected]] of Object.entries(attacks)) {
      const found = await under({ name, sql }, async () => [
        await foundByServer(),
        foundBy(offline, await exported(), keys),
      ]);
      expect({ [name]: found }).toEqual({ [name]: [expected, expected] });
    }
  });
});

/** Checks of the offline verifier, and a case that only this check finds. */
const CHECKS: Readonly<Record<string, string>> = {
  'must(hash.equals(hex(record.hash))': 'alter audit_leaf.hash',
  'must(agrees, `the part of organisation': 'alter audit_leaf.part_head',
  'must( same && row.at.startsWith(month)': 'alter audit.address',
  'must(follows, `the checkpoint before': 'alter audit_checkpoint.previous',
  'must(isDated, `the checkpoint of': 'alter audit_checkpoint.signed_at',
  'must( map.root().equals(note.parts)': 'alter audit_checkpoint.salt',
  'must(this.nodes.get(name)?.equals': 'alter audit_node.hash',
  'must(this.nodes.size === 0': 'remove the last of audit_node',
  "must(type !== 'stray'": 'insert into audit',
  'must(!isLeaf && row?.at === at': 'alter audit_pending.at',
  'must(newest.at === notedAt': 'alter disclosure.noted_at',
  'must(this.readers.size === 0': 'remove the last of disclosure',
  'must(gone === 0 ||': 'remove the first of audit',
  'must( origin.length === 1': 'insert into audit_turn',
  'must(number[0]?.next > this.lastId': 'lower audit_number',
};

describe('a verifier that lacks one check', () => {
  it.each(Object.entries(CHECKS))('misses a case without %s', async (check, name) => {
    const proofs = pathToFileURL(join(SCRIPT, '../proofs.mjs')).href;
    const text = (await readFile(SCRIPT, 'utf8')).replace('./proofs.mjs', proofs);
    const escaped = check.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
    const pattern = new RegExp(escaped.replaceAll(' ', String.raw`\s*`), 'g');
    expect(text.match(pattern)).toHaveLength(1);
    const file = join(directory, `${Object.keys(CHECKS).indexOf(check)}.mjs`);
    await writeFile(
      file,
      text.replace(pattern, (found) => found.replace('must(', 'Boolean(')),
    );
    const lacking = await imported(file);
    const tampering = tamperings.find((one) => one.name === name);
    if (tampering === undefined) throw new Error(`There is no case ${name}`);
    const records = await under(tampering, exported);
    expect(foundBy(offline, records ?? [], await vkeys())).toBe('alone');
    expect(foundBy(lacking, records ?? [], await vkeys())).not.toBe('alone');
  });
});
