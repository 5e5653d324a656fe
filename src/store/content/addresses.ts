import type { Database } from '../postgres/database.ts';
import type { Tx } from '../postgres/transaction.ts';

// SQL, not the typed client: under row security and set-based, at the rate of objects.

/** To whom a version is addressed. */
export interface AddressedVersion {
  /** Who shares it. */
  readonly organisationId: number;
  readonly modified: Date;
  readonly audienceId: number;
  /** TLP rank. */
  readonly tlp: number;
  readonly revoked: boolean;
  /** Whether its sharer has put a newer one. */
  readonly superseded: boolean;
}

const VERSIONS_MAX = 100;

/** The versions of an object that the viewer's own organisation shares, newest first. */
export async function findOwnAddresses(
  tx: Tx,
  realmId: number,
  organisationId: number,
  stixId: string,
): Promise<AddressedVersion[]> {
  return tx.$queryRaw<AddressedVersion[]>`
    select organisation_id as "organisationId", modified, audience_id as "audienceId", tlp, revoked,
      superseded
    from version
    where realm_id = ${realmId}::smallint and stix_id = ${stixId}
      and organisation_id = ${organisationId}
    order by modified desc limit ${VERSIONS_MAX}::integer`;
}

/** Those of every organisation, for an administrator. */
export async function findAllAddresses(
  db: Database,
  realmId: number,
  stixId: string,
): Promise<AddressedVersion[]> {
  return db.server.$queryRaw<AddressedVersion[]>`
    select organisation_id as "organisationId", modified, audience_id as "audienceId", tlp, revoked,
      superseded
    from version_addresses(${realmId}::smallint, ${stixId}, ${VERSIONS_MAX}::integer)`;
}
