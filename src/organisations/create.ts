import { randomUUID } from 'node:crypto';
import { pepper, type Keyring } from '../keyring.ts';
import { Problem } from '../errors.ts';
import type { Role } from '../sharing/member.ts';
import { tlpRank, type Tlp } from '../stix/tlp.ts';
import type { Database } from '../store/database.ts';
import { changeMembership } from '../store/membership.ts';
import {
  findOrganisationId,
  insertKey,
  insertOrganisation,
  noteServerAct,
} from '../store/organisations.ts';
import { newKey } from './keys.ts';

/** The realm in which everything happens that is not an exercise. */
const PRODUCTION = 1;

export const ORGANISATION_KINDS = [
  'allied_nation',
  'alliance_body',
  'partner_nation',
  'international_organisation',
  'industry',
  'academia',
] as const;
export type OrganisationKind = (typeof ORGANISATION_KINDS)[number];

export interface OrganisationWish {
  readonly slug: string;
  readonly name: string;
  readonly kind: OrganisationKind;
  /** Slugs; the first is the default audience. */
  readonly communities: readonly string[];
  readonly ceiling: Tlp;
  readonly defaultTlp: Tlp;
  /** Its STIX identity; one is made where none is given. */
  readonly identity?: string | undefined;
}

/** Who does it, for the audit. */
export type Actor = string;

const SLUG = /^[a-z0-9][a-z0-9-]{0,62}$/;

/**
 * Makes an organisation and the agreement under which it takes part. Returns its identity.
 * Throws Problem invalid_request for a slug that is none or is taken.
 */
export async function createOrganisation(
  db: Database,
  wish: OrganisationWish,
  actor: Actor,
): Promise<{ identity: string }> {
  for (const slug of [wish.slug, ...wish.communities]) {
    if (!SLUG.test(slug)) {
      throw new Problem('invalid_request', `${slug} is no slug: a-z, 0-9 and -, at most 63`);
    }
  }
  const identity = wish.identity ?? `identity--${randomUUID()}`;
  const record = {
    ...wish,
    identity,
    realmId: PRODUCTION,
    tlpCeiling: tlpRank(wish.ceiling),
    defaultTlp: tlpRank(wish.defaultTlp),
  };
  const made = await changeMembership(db, (tx) => insertOrganisation(tx, record));
  if (!made) throw new Problem('invalid_request', `The slug ${wish.slug} is taken`);
  const { slug, communities } = wish;
  await noteServerAct(db, { actor, action: 'organisation.create', detail: { slug, communities } });
  return { identity };
}

export interface KeyWish {
  readonly organisation: string;
  readonly role: Role;
  readonly label: string;
  readonly expiresAt: Date | null;
}

/** Makes a key and returns its text, which is kept nowhere. Throws Problem not_found. */
export async function createKey(
  db: Database,
  keyring: Keyring,
  wish: KeyWish,
  actor: Actor,
): Promise<string> {
  const organisationId = await findOrganisationId(db, wish.organisation);
  if (organisationId === undefined) {
    throw new Problem('not_found', `There is no organisation ${wish.organisation}`);
  }
  const { id, secret, text } = newKey();
  const { role, label, expiresAt } = wish;
  const secretHash = pepper(keyring, secret);
  await insertKey(db, {
    id,
    organisationId,
    realmId: PRODUCTION,
    role,
    label,
    secretHash,
    expiresAt,
  });
  const detail = { key: id, organisation: wish.organisation, role };
  await noteServerAct(db, { actor, action: 'key.create', detail });
  return text;
}
