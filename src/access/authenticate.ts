import type { Clock } from '../clock.ts';
import { Problem } from '../errors.ts';
import { isPeppered, type Keyring } from '../keyring.ts';
import { ROLES, type Member, type Role } from '../sharing/member.ts';
import type { Standing } from '../sharing/standing.ts';
import { NO_CEILING, UNCLEARED_CEILING } from '../sharing/viewer.ts';
import type { Database } from '../store/postgres/database.ts';
import { noteKeyUse } from '../store/access/keys.ts';
import { findSession } from '../store/access/sessions.ts';
import {
  findKey,
  findMember,
  type KeyRecord,
  type MemberRecord,
} from '../store/members/members.ts';
import { readKey } from './keys.ts';
import { isWithin } from '../networks.ts';
import { notActive } from './not-active.ts';

export interface Authentication {
  readonly db: Database;
  readonly keyring: Keyring;
  readonly clock: Clock;
}

/** What a caller presents. */
export interface Presented {
  /** The key's text. */
  readonly key: string;
  /** The address of its end of the connection. */
  readonly address: string;
}

/**
 * The user whose session this is, as things stand at this moment: what was changed, disabled,
 * suspended or ended since the access token was made counts at once. Only who has clearance sees
 * TLP:RED. Throws Problem session_ended.
 */
export async function authenticateSession(
  { db, clock }: Authentication,
  sessionId: string,
  userId: string,
): Promise<Member> {
  const record = await findSession(db, sessionId);
  const over = record === undefined || record.endedAt !== null || record.expiresAt <= clock.now();
  if (over || record.userId !== userId || record.status !== 'active') {
    throw new Problem('session_ended', 'Sign in again');
  }
  const { email, name, redClearance, hasSecondFactor, secondFactorElsewhere, viewer } = record;
  const factors = { hasSecondFactor, secondFactorElsewhere };
  const ceiling = redClearance ? viewer.ceiling : Math.min(viewer.ceiling, UNCLEARED_CEILING);
  return {
    actor: `user ${userId}`,
    keyId: undefined,
    user: { id: userId, sessionId, email, name, redClearance, ...factors },
    role: roleOf(record.role),
    active: viewer.ceiling !== NO_CEILING,
    organisation: record.organisation,
    realm: record.realm,
    viewer: { ...viewer, ceiling, cleared: redClearance },
    shareCeiling: viewer.ceiling,
    standing: standingOf(record, { sessionId, role: record.role, cleared: redClearance }),
  };
}

/**
 * Whether this is a session of a user who could do harm beyond their own account, or see TLP:RED,
 * and has no second factor. Keys have none, and are not concerned.
 */
export function lacksSecondFactor({ user, role }: Pick<Member, 'user' | 'role'>): boolean {
  if (user === undefined || user.hasSecondFactor || user.secondFactorElsewhere) return false;
  return role === 'admin' || role === 'org_admin' || user.redClearance;
}

/** A key's last use is kept to the minute. */
const USE_MS = 60_000;

/**
 * The member who holds the key presented, as things stand at this moment.
 * Throws Problem key_invalid, or key_revoked, key_expired or network_not_allowed, which only the
 * holder of the secret can receive.
 */
export async function authenticate(
  { db, keyring, clock }: Authentication,
  presented: Presented,
): Promise<Member> {
  const key = readKey(presented.key);
  const record = key && (await findKey(db, key.id));
  if (!key || !record || !isPeppered(keyring, key.secret, record.secretHash)) {
    throw new Problem('key_invalid', 'Unknown key. Check that you copied all of it');
  }
  if (record.revokedAt !== null) {
    throw new Problem('key_revoked', 'The key was revoked. Ask your administrator for another');
  }
  if (record.expiresAt !== null && record.expiresAt <= clock.now()) {
    throw new Problem('key_expired', 'The key has expired. Ask your administrator for another');
  }
  if (record.networks.length > 0 && !isWithin(record.networks, presented.address)) {
    throw new Problem(
      'network_not_allowed',
      `The key may not be used from ${presented.address}, which is where this request came from. If ` +
        'that is a proxy of the server, its operator must list it in TOCSIN_TRUSTED_PROXIES.',
      { extra: { address: presented.address } },
    );
  }
  noteUse(db, record, clock.now());
  return {
    actor: `key ${record.keyId}`,
    keyId: record.keyId,
    user: undefined,
    role: roleOf(record.role),
    active: record.viewer.ceiling !== NO_CEILING,
    organisation: record.organisation,
    realm: record.realm,
    viewer: { ...record.viewer, ceiling: Math.min(record.viewer.ceiling, UNCLEARED_CEILING) },
    shareCeiling: record.viewer.ceiling,
    standing: standingOf(record, record),
  };
}

/** What of a caller is held against the database when it writes. */
function standingOf(
  { organisation, viewer }: MemberRecord,
  by: Partial<Pick<Standing, 'keyId' | 'sessionId' | 'role' | 'cleared' | 'networks'>>,
): Standing {
  const { defaultTlp, defaultCommunityId, identities } = organisation;
  const { keyId, sessionId, role = null, cleared = false, networks = [] } = by;
  const { organisationId, realmId, ceiling } = viewer;
  const rights = { role, cleared, networks, ceiling, defaultTlp, defaultCommunityId, identities };
  return { organisationId, realmId, keyId, sessionId, ...rights };
}

/** Beside the request, which does not wait for it nor fail with it. */
function noteUse(db: Database, { keyId, lastUsedAt }: KeyRecord, now: Date): void {
  if (lastUsedAt !== null && now.getTime() - lastUsedAt.getTime() < USE_MS) return;
  void noteKeyUse(db, keyId, now, USE_MS).catch(() => undefined);
}

/**
 * An organisation as a publisher, for commands that its operator runs; `actor` is who the audit
 * names, `within` the slug of an exercise. Throws Problem not_found or organisation_not_active.
 */
export async function memberOfOrganisation(
  db: Database,
  slug: string,
  actor: string,
  within?: string,
): Promise<Member> {
  const record = await findMember(db, slug, within);
  if (record === undefined) {
    const where = within === undefined ? '' : ` in an exercise ${within}`;
    throw new Problem('not_found', `There is no organisation ${slug}${where}`);
  }
  if (record.viewer.ceiling === NO_CEILING) {
    throw notActive(record);
  }
  const { organisation, realm, viewer } = record;
  return {
    actor,
    keyId: undefined,
    user: undefined,
    role: 'publisher',
    active: true,
    organisation,
    realm,
    viewer,
    shareCeiling: viewer.ceiling,
    standing: standingOf(record, {}),
  };
}

function roleOf(text: string): Role {
  const role = ROLES.find((name) => name === text);
  if (role === undefined) throw new Error(`There is no role ${text}`);
  return role;
}
