/** Whether an unpacked backup is a database that Tocsin can use. */
import { auditVerifiers } from '../audit/checkpoint.ts';
import { verifyAudit, type AuditVerdict } from '../audit/verify.ts';
import type { Keyring } from '../keyring.ts';
import type { BackupAbout } from '../store/backup/about.ts';
import { damaged } from '../store/backup/unpack.ts';
import { openDatabase, type Database } from '../store/postgres/database.ts';
import { startEmbedded } from '../store/embedded/server.ts';
import { beginLogEpoch, findLogBounds } from '../store/content/log.ts';
import { migrate } from '../store/postgres/migrate.ts';
import { createLogger } from '../telemetry.ts';

export interface CheckInput {
  readonly file: string;
  /** With `postgres/` and `postgres.json`, as unpacked. */
  readonly directory: string;
  readonly keyring: Keyring;
  readonly about: BackupAbout;
  /** Whether the data is to be used afterwards. */
  readonly durable: boolean;
  readonly signal: AbortSignal;
}

export interface Checked {
  /** The last position of the log. */
  readonly head: number;
  readonly audit: AuditVerdict;
}

/**
 * Starts PostgreSQL on the copy, which applies the WAL of the backup, brings it to the schema of this
 * version, and compares log and audit with what was there when the backup began. A copy that is to be
 * used begins a new epoch of the log.
 * @throws StoreError `backup_damaged`, or why PostgreSQL does not start
 */
export async function checkRestored(input: CheckInput): Promise<Checked> {
  const { directory: dataDir, durable, signal } = input;
  const logger = createLogger('error');
  const settings = durable ? {} : { fsync: 'off' };
  const server = await startEmbedded({ dataDir, settings, logger, signal });
  try {
    await migrate({ url: server.url, logger });
    const db = openDatabase({ url: server.url, poolMax: 2, onError: () => undefined });
    try {
      const checked = await compare(db, input);
      if (durable) await beginLogEpoch(db, 'restore');
      return checked;
    } finally {
      await db.close();
    }
  } finally {
    await server.stop();
  }
}

async function compare(db: Database, { file, keyring, about }: CheckInput): Promise<Checked> {
  const { head } = await findLogBounds(db);
  if (head < about.log_head) {
    throw damaged(file, `its log ends at ${head}, and had ${about.log_head} rows before`);
  }
  const kept = about.audit_checkpoint === null ? [] : [about.audit_checkpoint];
  const verifiers = await auditVerifiers(db, keyring);
  const audit = await verifyAudit(db, { verifiers, kept });
  if (!audit.ok) throw damaged(file, `its audit is not intact (${audit.fault?.kind ?? 'unknown'})`);
  return { head, audit };
}
