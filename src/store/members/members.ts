import type { Organisation } from '../../sharing/member.ts';
import { PRODUCTION_SLUG, type Realm } from '../../sharing/realm.ts';
import { NO_CEILING, type Viewer } from '../../sharing/viewer.ts';
import type { Database } from '../postgres/database.ts';
import { batched } from '../../concurrency/batch.ts';
import { Prisma } from '../generated/client.ts';

// SQL, not the typed client: at the rate of requests, and joins.

/** An organisation and what it may see now. */
export interface MemberRecord {
  /** In a realm of its own, what it shares goes to everybody in that unless it says otherwise. */
  readonly organisation: Organisation;
  readonly realm: Realm;
  /** Its ceiling is NO_CEILING while no agreement is in force. */
  readonly viewer: Viewer;
}

/** A key as kept, with its organisation. */
export interface KeyRecord extends MemberRecord {
  readonly keyId: string;
  readonly role: string;
  readonly secretHash: Uint8Array;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  readonly lastUsedAt: Date | null;
  /** CIDRs from which it may be used; none means from anywhere. */
  readonly networks: readonly string[];
}

/** An organisation as the columns of memberColumns say it. */
export interface MemberRow {
  id: number;
  slug: string;
  name: string;
  status: string;
  default_community_id: number | null;
  default_tlp: number;
  identities: string[];
  realm_id: number;
  realm_slug: string;
  realm_name: string;
  ceiling: number | null;
  audiences: number[];
  self: number;
}

interface KeyRow extends MemberRow {
  key_id: string;
  role: string;
  secret_hash: Uint8Array;
  expires_at: Date | null;
  revoked_at: Date | null;
  last_used_at: Date | null;
  networks: string[];
}

/** Of an organisation `o`, a realm `r` and the `viewer` that the two make. */
export const memberColumns = Prisma.sql`o.id, o.slug, o.name, o.status, o.default_tlp,
  coalesce(r.community_id, o.default_community_id) as default_community_id,
  r.id as realm_id, r.slug as realm_slug, r.name as realm_name, array(select stix_id from identity i where i.organisation_id = o.id) as identities,
  viewer.ceiling, viewer.audiences, viewer.self`;

const KEYS_MAX = 100;

/**
 * The key of this id with its organisation as it is at this moment: nothing is remembered from
 * one request to the next, so that a change of key, agreement or group applies at once.
 */
export const findKey = batched(findKeys, { max: KEYS_MAX });

async function findKeys(
  db: Database,
  keyIds: readonly string[],
): Promise<(KeyRecord | undefined)[]> {
  const rows = await db.server.$queryRaw<KeyRow[]>`
    select k.id as key_id, k.role, k.secret_hash, k.expires_at, k.revoked_at, k.last_used_at,
      k.networks, ${memberColumns}
    from api_key k join organisation o on o.id = k.organisation_id join realm r on r.id = k.realm_id,
      lateral viewer_of(o.id, k.realm_id) as viewer
    where k.id = any(string_to_array(${keyIds.join(',')}, ','))`;
  const records = new Map(rows.map((row) => [row.key_id, toKey(row)]));
  return keyIds.map((id) => records.get(id));
}

function toKey(row: KeyRow): KeyRecord {
  return {
    ...toMember(row),
    keyId: row.key_id,
    role: row.role,
    secretHash: row.secret_hash,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    lastUsedAt: row.last_used_at,
    networks: row.networks,
  };
}

/** The organisation of this slug as it is at this moment, in the realm of this slug. */
export async function findMember(
  db: Database,
  slug: string,
  realm = PRODUCTION_SLUG,
): Promise<MemberRecord | undefined> {
  const [row] = await db.server.$queryRaw<MemberRow[]>`
    select ${memberColumns}
    from organisation o join realm r on r.slug = ${realm},
      lateral viewer_of(o.id, r.id) as viewer
    where o.slug = ${slug} and viewer.self is not null`;
  return row === undefined ? undefined : toMember(row);
}

/** From the columns of memberColumns. */
export function toMember(row: MemberRow): MemberRecord {
  return {
    organisation: {
      id: row.id,
      slug: row.slug,
      name: row.name,
      status: row.status,
      defaultCommunityId: row.default_community_id,
      defaultTlp: row.default_tlp,
      identities: row.identities,
    },
    realm: { slug: row.realm_slug, name: row.realm_name },
    viewer: {
      organisationId: row.id,
      realmId: row.realm_id,
      audiences: row.audiences,
      ceiling: row.ceiling ?? NO_CEILING,
      cleared: false,
      self: row.self,
    },
  };
}
