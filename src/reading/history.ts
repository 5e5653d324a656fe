import { Problem } from '../errors.ts';
import { findHistory, type HistoryRow } from '../store/content/history.ts';
import { asViewer } from '../store/postgres/transaction.ts';
import { metered } from './metered.ts';

export type { HistoryRow } from '../store/content/history.ts';

/**
 * All versions that a member sees of an object (by its STIX id), and of what says the same under other
 * ids, newest first. Throws Problem not_found, in the same words for an object that nobody has.
 */
export const readHistory = metered<string, readonly HistoryRow[]>(
  'history',
  async (db, { viewer }, stixId) => {
    const rows = await asViewer(db, viewer, (tx) => findHistory(tx, viewer.realmId, stixId));
    if (rows.length === 0) throw new Problem('not_found', 'Object not found');
    return rows;
  },
  (rows) => ({ objects: rows.length }),
);
