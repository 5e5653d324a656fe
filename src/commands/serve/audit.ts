import { startAuditChain, type AuditChain } from '../../audit/chain.ts';
import { auditSigners, signHead } from '../../audit/checkpoint.ts';
import { openCheckpoint, type Signer } from '../../audit/note.ts';
import { gatherDisclosures, type Disclosures } from '../../audit/disclosures.ts';
import { countRefusals, type Refusals } from '../../audit/refusals.ts';
import { appendServerAudit } from '../../store/audit/record.ts';
import { asServer } from '../../store/postgres/transaction.ts';
import { findCheckpoint } from '../../store/audit/tree.ts';
import type { Logger } from '../../telemetry.ts';
import type { OpenStore } from '../open.ts';

/** What a running server does for the audit. */
export interface AuditWork {
  readonly disclosures: Disclosures;
  readonly refusals: Refusals;
  /** Writes what was gathered, then chains and signs it where this process does that. */
  close(): Promise<void>;
}

/** Starts it, with a first checkpoint where there is none; `chaining` is for workers. */
export async function startAudit(
  store: OpenStore,
  logger: Logger,
  chaining: boolean,
): Promise<AuditWork> {
  const { db, keyring } = store;
  const onError = (error: unknown): void => logger.warn({ err: error }, 'the audit fell behind');
  await signFirst(store).catch(onError);
  const disclosures = gatherDisclosures(db, onError);
  const refusals = countRefusals(db, onError);
  let chain: AuditChain | undefined;
  if (chaining) {
    const onSigned = ({ size }: { readonly size: number }): void =>
      logger.info({ size }, 'signed the audit');
    chain = startAuditChain({ db, keyring, onSigned, onError });
  }
  return {
    disclosures,
    refusals,
    close: async () => {
      await Promise.all([disclosures.close(), refusals.close()]);
      await chain?.close();
    },
  };
}

/** So that there is a checkpoint to ask for from the first moment on, and one soon that introduces a new key. */
async function signFirst({ db, keyring }: OpenStore): Promise<void> {
  const newest = await findCheckpoint(db);
  if (newest === undefined) await signHead(db, keyring);
  else if (!isSignedBy(newest.note, (await auditSigners(db, keyring)).slice(0, 1))) {
    const entry = { organisationId: null, actor: 'server', requestId: undefined, detail: {} };
    await asServer(db, (tx) => appendServerAudit(tx, { ...entry, action: 'audit.replace_key' }));
  }
}

function isSignedBy(note: string, signers: readonly Signer[]): boolean {
  return openCheckpoint(note, signers) !== undefined;
}
