import { Problem } from '../errors.ts';
import type { Member } from '../sharing/member.ts';
import { PRODUCTION } from '../sharing/realm.ts';
import type { Database } from '../store/database.ts';
import { isOpen } from '../store/realms.ts';
import { asWriter, type Tx } from '../store/transaction.ts';

/**
 * The transaction in which a member adds or changes versions: in the realm of the member, while
 * that takes anything. Throws Problem realm_closed.
 */
export async function write<T>(
  db: Database,
  { viewer, realm }: Pick<Member, 'viewer' | 'realm'>,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  return asWriter(db, viewer, async (tx) => {
    if (viewer.realmId !== PRODUCTION && !(await isOpen(tx, viewer.realmId))) {
      throw new Problem(
        'realm_closed',
        `${realm.name} takes nothing now: it has not begun, is over, or is archived`,
      );
    }
    return work(tx);
  });
}
