import { startAuditChain, type AuditChain } from '../../audit/chain.ts';
import { signHead } from '../../audit/checkpoint.ts';
import { gatherDisclosures, type Disclosures } from '../../audit/disclosures.ts';
import { countRefusals, type Refusals } from '../../audit/refusals.ts';
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

/** So that there is a checkpoint to ask for from the first moment on. */
async function signFirst({ db, keyring }: OpenStore): Promise<void> {
  if ((await findCheckpoint(db)) === undefined) await signHead(db, keyring);
}
