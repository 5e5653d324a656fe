import type { Keyring } from '../keyring.ts';
import { chainAudit, type StoredCheckpoint } from '../store/audit/tree.ts';
import type { Database } from '../store/postgres/database.ts';
import { signHead } from './checkpoint.ts';
import { noteDisclosures } from './disclosures.ts';

/**
 * Makes what was committed to the audit leaves of its tree, and signs the tree now and then. Any
 * number of processes may do it, as with the sequencer.
 */
export interface AuditChain {
  /** Ends after the step under way, with all that is committed chained and signed. */
  close(): Promise<void>;
}

export interface AuditChainOptions {
  readonly db: Database;
  readonly keyring: Keyring;
  /** Called with each checkpoint: a system that stores it elsewhere is a witness. */
  readonly onSigned: (checkpoint: StoredCheckpoint) => void;
  readonly onError: (error: unknown) => void;
}

const BATCH_MAX = 5000;
const STEP_MS = 1000;
const SIGN_MS = 60_000;

export function startAuditChain(options: AuditChainOptions): AuditChain {
  let signedAt = -Infinity;
  let signedSize = -1;
  let running: Promise<void> | undefined;

  const step = async (sign: boolean): Promise<void> => {
    try {
      await noteDisclosures(options.db, options.keyring);
      await chainAll(options.db);
      if (!sign) return;
      const checkpoint = await signHead(options.db, options.keyring);
      signedAt = performance.now();
      if (checkpoint.size !== signedSize) options.onSigned(checkpoint);
      signedSize = checkpoint.size;
    } catch (error) {
      options.onError(error);
    }
  };
  const look = (): void => {
    running ??= step(performance.now() - signedAt > SIGN_MS).finally(() => (running = undefined));
  };
  const timer = setInterval(look, STEP_MS);
  look();
  return {
    close: async () => {
      clearInterval(timer);
      await running;
      await step(true);
    },
  };
}

/** Chains until nothing is left. */
export async function chainAll(db: Database): Promise<void> {
  while ((await chainAudit(db, BATCH_MAX)).chained === BATCH_MAX);
}
