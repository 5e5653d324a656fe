import type { Clock } from '../clock.ts';
import { Problem } from '../errors.ts';
import type { Member } from '../sharing/member.ts';
import { PRODUCTION } from '../sharing/realm.ts';
import type { Database } from '../store/postgres/database.ts';
import { isOpen } from '../store/members/realms.ts';
import { requireStanding, requireStandingAndCharge } from '../store/access/standing.ts';
import { asWriter, type Tx } from '../store/postgres/transaction.ts';
import type { VersionCharge } from './daily-bytes.ts';

export interface WriteContext {
  readonly db: Database;
  readonly clock: Clock;
}

/** What the work leaves to be charged in the statement that asks for the standing. */
export interface Bill {
  charge?: VersionCharge;
}

/**
 * The transaction in which a member adds or changes versions: in the realm of the member, while
 * that is open. `chosenIds` are the communities, groups and organisations that it shares
 * with, where it chose any.
 * Throws Problem realm_closed or storage_quota_exceeded, or StandingChanged: what the member may do is asked as the last
 * statement, so that nothing is stored for a key that was revoked during the work.
 */
export async function write<T>(
  { db, clock }: WriteContext,
  { viewer, realm, standing }: Pick<Member, 'viewer' | 'realm' | 'standing'>,
  work: (tx: Tx, bill: Bill) => Promise<T>,
  chosenIds: readonly number[] = [],
): Promise<T> {
  return asWriter(db, viewer, async (tx) => {
    await requireOpen(tx, { viewer, realm });
    const bill: Bill = {};
    const result = await work(tx, bill);
    const { charge } = bill;
    if (charge === undefined) await requireStanding(tx, standing, clock.now(), chosenIds);
    else {
      const now = clock.now();
      const stored = await requireStandingAndCharge(tx, standing, now, charge, chosenIds);
      if (stored !== undefined) throw charge.exceeded(stored);
    }
    return result;
  });
}

/** Archiving an exercise waits for writers, so asking once is enough. */
async function requireOpen(
  tx: Tx,
  { viewer, realm }: Pick<Member, 'viewer' | 'realm'>,
): Promise<void> {
  if (viewer.realmId === PRODUCTION || (await isOpen(tx, viewer.realmId))) return;
  throw new Problem(
    'realm_closed',
    `${realm.name} accepts no posts now: it has not begun, has ended, or is archived`,
  );
}
