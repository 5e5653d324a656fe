import type { Clock } from '../clock.ts';
import { Problem } from '../errors.ts';
import { isPeppered, type Keyring } from '../keyring.ts';
import { tlpRank } from '../stix/tlp.ts';
import { ROLES, type Member, type Role } from '../sharing/member.ts';
import type { Database } from '../store/database.ts';
import { findKey, findMember } from '../store/members.ts';
import { readKey } from './keys.ts';

export interface Authentication {
  readonly db: Database;
  readonly keyring: Keyring;
  readonly clock: Clock;
}

const KEY_CEILING = tlpRank('amber+strict');

/**
 * The member who holds the key `text`, as things stand at this moment.
 * Throws Problem key_invalid, key_revoked or key_expired. The last two are told only to who holds
 * the secret.
 */
export async function authenticate(
  { db, keyring, clock }: Authentication,
  text: string,
): Promise<Member> {
  const key = readKey(text);
  const record = key && (await findKey(db, key.id));
  if (!key || !record || !isPeppered(keyring, key.secret, record.secretHash)) {
    throw new Problem('key_invalid', 'The key is not known: check that it was copied whole');
  }
  if (record.revokedAt !== null) {
    throw new Problem('key_revoked', 'The key was revoked: ask your administrator for another');
  }
  if (record.expiresAt !== null && record.expiresAt <= clock.now()) {
    throw new Problem('key_expired', 'The key has expired: ask your administrator for another');
  }
  return {
    keyId: record.keyId,
    role: roleOf(record.role),
    active: record.viewer.ceiling >= 0,
    organisation: record.organisation,
    viewer: { ...record.viewer, ceiling: Math.min(record.viewer.ceiling, KEY_CEILING) },
    shareCeiling: record.viewer.ceiling,
  };
}

/**
 * An organisation as a publisher, for commands that its operator runs; `actor` is who the audit
 * names. Throws Problem not_found or organisation_not_active.
 */
export async function memberOfOrganisation(
  db: Database,
  slug: string,
  actor: string,
): Promise<Member> {
  const record = await findMember(db, slug);
  if (record === undefined) throw new Problem('not_found', `There is no organisation ${slug}`);
  if (record.viewer.ceiling < 0) {
    throw new Problem('organisation_not_active', `No agreement of ${slug} is in force`);
  }
  const { organisation, viewer } = record;
  return {
    keyId: actor,
    role: 'publisher',
    active: true,
    organisation,
    viewer,
    shareCeiling: viewer.ceiling,
  };
}

function roleOf(text: string): Role {
  const role = ROLES.find((name) => name === text);
  if (role === undefined) throw new Error(`A key has the unknown role ${text}`);
  return role;
}
