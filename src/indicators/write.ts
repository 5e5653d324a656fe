import type { Clock } from '../clock.ts';
import { Problem } from '../errors.ts';
import type { Member } from '../sharing/member.ts';
import { PRODUCTION } from '../sharing/realm.ts';
import type { Database } from '../store/database.ts';
import { isOpen } from '../store/realms.ts';
import { requireStanding } from '../store/standing.ts';
import { asWriter, type Tx } from '../store/transaction.ts';

export interface WriteContext {
  readonly db: Database;
  readonly clock: Clock;
}

/**
 * The transaction in which a member adds or changes versions: in the realm of the member, while
 * that is open. `chosenIds` are the communities, groups and organisations that it shares
 * with, where it chose any.
 * Throws Problem realm_closed, or StandingChanged: what the member may do is asked as the last
 * statement, so that nothing is stored for a key that was revoked while the work went on.
 */
export async function write<T>(
  { db, clock }: WriteContext,
  { viewer, realm, standing }: Pick<Member, 'viewer' | 'realm' | 'standing'>,
  work: (tx: Tx) => Promise<T>,
  chosenIds: readonly number[] = [],
): Promise<T> {
  return asWriter(db, viewer, async (tx) => {
    await requireOpen(tx, { viewer, realm });
    const result = await work(tx);
    await requireStanding(tx, standing, clock.now(), chosenIds);
    return result;
  });
}

/** Archiving an exercise waits for whoever is writing, so asking once is enough. */
async function requireOpen(
  tx: Tx,
  { viewer, realm }: Pick<Member, 'viewer' | 'realm'>,
): Promise<void> {
  if (viewer.realmId === PRODUCTION || (await isOpen(tx, viewer.realmId))) return;
  throw new Problem(
    'realm_closed',
    `${realm.name} takes nothing now: it has not begun, is over, or is archived`,
  );
}
