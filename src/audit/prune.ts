import type { Keyring } from '../keyring.ts';
import { announcePrune, dropPruned } from '../store/audit/prune.ts';
import type { Database } from '../store/postgres/database.ts';
import { chainAll } from './chain.ts';
import { signHead } from './checkpoint.ts';

/**
 * Drops the rows of the months that ended before `before`; returns the months, YYYY-MM. Everything
 * is under a checkpoint first, and so is the entry that names the months before anything is gone.
 */
export async function pruneAudit(
  db: Database,
  keyring: Keyring,
  { before, actor }: { readonly before: Date; readonly actor: string },
): Promise<string[]> {
  const sign = async (): Promise<void> => {
    await chainAll(db);
    await signHead(db, keyring);
  };
  await sign();
  await announcePrune(db.url, before, actor);
  await sign();
  return dropPruned(db.url);
}
