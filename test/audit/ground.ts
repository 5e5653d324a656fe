import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { createKeyring, type Keyring } from '../../src/keyring.ts';
import { chainAll } from '../../src/audit/chain.ts';
import { verifyAudit, type AuditVerdict } from '../../src/audit/verify.ts';
import { auditSigners, signHead } from '../../src/audit/checkpoint.ts';
import { openDatabase, type Database } from '../../src/store/database.ts';
import { appendServerAudit, type AuditEntry } from '../../src/store/audit.ts';
import { asServer } from '../../src/store/transaction.ts';
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
