import { Problem } from '../errors.ts';
import { findRealm } from '../store/realms.ts';
import type { ServerTx } from '../store/transaction.ts';

/** The id of a realm that is named in a request. Throws Problem realm_unknown. */
export async function realmOf(tx: ServerTx, slug: string): Promise<number> {
  const id = await findRealm(tx, slug);
  if (id !== undefined) return id;
  throw new Problem('realm_unknown', `There is no realm ${slug}`, { path: 'body.realm' });
}
