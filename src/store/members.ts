import type { Organisation } from '../sharing/member.ts';
import type { Viewer } from '../sharing/viewer.ts';
import type { Database } from './database.ts';

/** A key as kept, with its organisation and what that organisation may see now. */
export interface KeyRecord {
  readonly keyId: string;
  readonly role: string;
  readonly secretHash: Uint8Array;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  readonly organisation: Organisation;
  readonly viewer: Viewer;
}

interface MemberRow {
  key_id: string;
  role: string;
  secret_hash: Uint8Array;
  expires_at: Date | null;
  revoked_at: Date | null;
  realm_id: number;
  id: number;
  slug: string;
  name: string;
  status: string;
  default_community_id: number | null;
  default_tlp: number;
  identities: string[];
  ceiling: number | null;
  audiences: number[];
}

/**
 * The key of this id with its organisation as it is at this moment: nothing is remembered from
 * one request to the next, so that a change of key, agreement or group applies at once.
 */
export async function findKey(db: Database, keyId: string): Promise<KeyRecord | undefined> {
  const [row] = await db.server.$queryRaw<MemberRow[]>`
    select k.id as key_id, k.role, k.secret_hash, k.expires_at, k.revoked_at, k.realm_id,
      o.id, o.slug, o.name, o.status, o.default_community_id, o.default_tlp,
      array(select stix_id from identity i where i.organisation_id = o.id) as identities,
      viewer.ceiling, viewer.audiences
    from api_key k join organisation o on o.id = k.organisation_id,
      lateral viewer_of(o.id, k.realm_id) as viewer
    where k.id = ${keyId}`;
  return row === undefined ? undefined : toKeyRecord(row);
}

function toKeyRecord(row: MemberRow): KeyRecord {
  return {
    keyId: row.key_id,
    role: row.role,
    secretHash: row.secret_hash,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    organisation: {
      id: row.id,
      slug: row.slug,
      name: row.name,
      status: row.status,
      defaultCommunityId: row.default_community_id,
      defaultTlp: row.default_tlp,
      identities: row.identities,
    },
    viewer: {
      organisationId: row.id,
      realmId: row.realm_id,
      audiences: row.audiences,
      ceiling: row.ceiling ?? -1,
    },
  };
}
