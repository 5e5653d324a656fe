import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { createKeyring, type Keyring } from '../../src/keyring.ts';
import { chainAll } from '../../src/audit/chain.ts';
import { verifyAudit, type AuditVerdict } from '../../src/audit/verify.ts';
import { auditSigners, signHead } from '../../src/audit/checkpoint.ts';
import { openDatabase, type Database } from '../../src/store/postgres/database.ts';
import { appendServerAudit, type AuditEntry } from '../../src/store/audit/record.ts';
import { asServer } from '../../src/store/postgres/transaction.ts';
import { freshDatabaseUrl } from '../support/database.ts';

/** A database with an audit of its own, and its owner to tamper with it. */
export interface AuditGround {
  readonly db: Database;
  readonly url: string;
  readonly keyring: Keyring;
  readonly owner: pg.Client;
  /** Appends acts `<stem> 1` and so on, one transaction each. */
  acts(count: number, stem?: string): Promise<void>;
  /** Chains and signs; returns the note. */
  signs(): Promise<string>;
  verdict(kept?: readonly string[]): Promise<AuditVerdict>;
  /** Runs statements as the owner, with every trigger of ours off. */
  tampers(sql: string): Promise<void>;
  close(): Promise<void>;
}

export async function auditGround(): Promise<AuditGround> {
  const url = await freshDatabaseUrl();
  const db = openDatabase({ url, poolMax: 4, onError: () => undefined });
  const keyring = createKeyring(randomBytes(32));
  const owner = new pg.Client({ connectionString: url });
  await owner.connect();
  return {
    db,
    url,
    keyring,
    owner,
    acts: async (count, stem = 'act') => {
      for (let i = 1; i <= count; i++) {
        await noteAct(db, { actor: 'test', action: `${stem} ${i}`, detail: { i } });
      }
    },
    signs: async () => {
      await chainAll(db);
      return (await signHead(db, keyring)).note;
    },
    verdict: async (kept = []) =>
      verifyAudit(db, { verifiers: await auditSigners(db, keyring), kept }),
    tampers: async (sql) => {
      const { rows } = await owner.query<{ name: string }>(
        `select distinct tgrelid::regclass::text as name from pg_trigger where not tgisinternal`,
      );
      const off = rows.map(({ name }) => `alter table ${name} disable trigger user;`).join('');
      await owner.query(`begin; ${off} ${sql}; ${off.replaceAll('disable', 'enable')} commit;`);
    },
    close: async () => {
      await Promise.all([db.close(), owner.end()]);
    },
  };
}

/** One act about no organisation. */
export function noteAct(
  db: Database,
  act: { readonly actor: string; readonly action: string; readonly detail: AuditEntry['detail'] },
): Promise<void> {
  const entry = { ...act, organisationId: null, requestId: undefined };
  return asServer(db, (tx) => appendServerAudit(tx, entry));
}

/** Recomputes every hash from the rows, as somebody would who covers their tracks without the key. */
export const RECOMPUTE = `
  update audit_leaf l set entry_hash = sha256(convert_to(audit_entry(a), 'UTF8')),
    organisation_id = coalesce(a.organisation_id, 0),
    month = date_trunc('month', a.at at time zone 'UTC')
    from audit a where a.id = l.audit_id;
  update audit_leaf set hash = sha256('\\x00'::bytea ||
    convert_to(audit_leaf_text(audit_id, month, organisation_id, entry_hash), 'UTF8'));
  update audit_leaf l set part_count = made.count, part_head = made.head from (
    select position, row_number() over own as count, audit_head(sha256(''), hash) over own as head
    from audit_leaf window own as (partition by organisation_id order by position)
  ) as made where made.position = l.position;
  delete from audit_node;
  insert into audit_node
    select 1, l.position >> 1, sha256('\\x01'::bytea || l.hash || r.hash)
    from audit_leaf l join audit_leaf r on r.position = l.position + 1 where l.position % 2 = 0;
  do $$ begin
    for above in 1..20 loop
      insert into audit_node
        select above + 1, l.place >> 1, sha256('\\x01'::bytea || l.hash || r.hash)
        from audit_node l join audit_node r on r.level = above and r.place = l.place + 1
        where l.level = above and l.place % 2 = 0;
    end loop;
  end $$`;
