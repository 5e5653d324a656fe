/**
 * Who is in what. Every change is followed, in its own transaction, by noting what each
 * organisation gained and lost by it, which then travels through the log.
 */
import type { Database } from '../postgres/database.ts';
import { takeLock } from '../postgres/locks.ts';
import { asServer, type ServerTx } from '../postgres/transaction.ts';

// SQL, not the typed client: functions of the database.

/**
 * Changes memberships, one change at a time, and notes what follows. Row security applies with the
 * commit.
 */
export async function changeMembership<T>(
  db: Database,
  change: (tx: ServerTx) => Promise<T>,
): Promise<T> {
  return asServer(db, async (tx) => {
    await takeLock(tx, 'members');
    // Else what time took before would count as taken by this change.
    if (await isDue(tx)) await note(tx);
    const result = await change(tx);
    await note(tx);
    await notifyStanding(tx);
    return result;
  });
}

/** Makes every process check again, at the commit, who may do what: open streams end with it. */
export async function notifyStanding(tx: ServerTx): Promise<void> {
  await tx.$queryRaw`select pg_notify('tocsin_standing', '')::text`;
}

/** Notes what time has changed: agreements that began or ended. Returns how many notes it made. */
export async function noteStanding(db: Database): Promise<number> {
  return asServer(db, note);
}

/** Writers and the sequencer wait only for what somebody sees: see note_standing in prisma/definitions. */
async function note(tx: ServerTx): Promise<number> {
  const [row] = await tx.$queryRaw<{ noted: number }[]>`select note_standing() as noted`;
  return row?.noted ?? 0;
}

async function isDue(tx: ServerTx): Promise<boolean> {
  const [row] = await tx.$queryRaw<{ due: boolean }[]>`select is_standing_due() as due`;
  return row?.due === true;
}
