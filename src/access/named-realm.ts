import { Problem } from '../errors.ts';
import { PRODUCTION } from '../sharing/realm.ts';
import { findEntered, findRealm } from '../store/members/realms.ts';
import type { ServerTx } from '../store/postgres/transaction.ts';

/** The id of a realm that is named in a request. Throws Problem realm_unknown. */
export async function realmOf(tx: ServerTx, slug: string): Promise<number> {
  const id = await findRealm(tx, slug);
  if (id !== undefined) return id;
  throw new Problem('realm_unknown', `There is no realm ${slug}`, { path: 'body.realm' });
}

/**
 * The same of production, or of an exercise that the organisation takes part in: of any other it
 * learns nothing, not even that it exists. Throws Problem realm_unknown.
 */
export async function realmOfMember(
  tx: ServerTx,
  slug: string,
  organisationId: number,
): Promise<number> {
  const id = await findRealm(tx, slug);
  const isIn =
    id === PRODUCTION || (id !== undefined && (await findEntered(tx, id)).has(organisationId));
  if (id !== undefined && isIn) return id;
  const detail = `There is no realm ${slug} in which the organisation takes part`;
  throw new Problem('realm_unknown', detail, { path: 'body.realm' });
}
