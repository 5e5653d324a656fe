import { Problem } from '../errors.ts';
import { PRODUCTION } from '../sharing/realm.ts';
import { tlpRank, type Tlp } from '../stix/marking/tlp.ts';
import type { Viewer } from '../sharing/viewer.ts';
import { findAudienceNames, othersIdentities } from '../store/content/audiences.ts';
import { highestCeiling } from '../store/members/agreements.ts';
import { findCommunity } from '../store/members/communities.ts';
import type { Database } from '../store/postgres/database.ts';
import {
  listOrganisations,
  replaceContacts,
  replaceIdentities,
  updateOrganisation,
  type Contact,
  type OrganisationView,
} from '../store/members/directory.ts';
import { isInCommunity } from '../store/members/organisations.ts';
import type { ServerTx } from '../store/postgres/transaction.ts';
import { administer, keepingAnAdmin, type Administrator } from '../access/administer.ts';
import { knowledgeOf, refuseDefaultAbove, refuseLookAlikes } from './create.ts';

export const CONTACT_ROLES = [
  'national_authority',
  'duty_24_7',
  'technical',
  'management',
  'legal',
] as const;

export const STATUSES = ['invited', 'active', 'suspended', 'left'] as const;
export type Status = (typeof STATUSES)[number];

export interface OrganisationChange {
  readonly name?: string | undefined;
  readonly contacts?: readonly Contact[] | undefined;
  readonly defaultCommunity?: string | undefined;
  readonly defaultTlp?: Tlp | undefined;
  /** From here on: for an admin to change. */
  readonly status?: Status | undefined;
  readonly country?: string | null | undefined;
  readonly identities?: readonly string[] | undefined;
}

/** The communities and groups that a viewer is in, and its own organisation, by slug. */
export async function readOwnAudiences(
  db: Database,
  { audiences }: Viewer,
): Promise<{ kind: string; slug: string; name: string }[]> {
  return findAudienceNames(db, audiences);
}

/** Whether the caller sees all of an organisation: an admin does, and its own org_admin. */
export function seesAll({ role, organisation }: Administrator, slug: string): boolean {
  return role === 'admin' || (role === 'org_admin' && organisation?.slug === slug);
}

/**
 * The organisations as who asks may see them: who takes part, and itself, each with the contacts
 * that it shows; all of them with all contacts for an admin.
 */
export async function readDirectory(
  db: Database,
  by: Administrator,
  slug?: string,
): Promise<OrganisationView[]> {
  const all = await listOrganisations(db.server, slug);
  const there = all.filter(
    (one) => by.role === 'admin' || one.status === 'active' || one.slug === by.organisation?.slug,
  );
  return there.map((one) => (seesAll(by, one.slug) ? one : onlyShown(one)));
}

/** What of an organisation every member may see. */
export function onlyShown(organisation: OrganisationView): OrganisationView {
  return { ...organisation, contacts: organisation.contacts.filter((contact) => contact.shown) };
}

/** Throws Problem not_found. */
export async function readOrganisation(
  db: Database,
  by: Administrator,
  slug: string,
): Promise<OrganisationView> {
  const [organisation] = await readDirectory(db, by, slug);
  if (organisation === undefined) throw unknownOrganisation(slug);
  return organisation;
}

/**
 * Changes what is given. What it may see from now on travels through the log.
 * Throws Problem not_found, role_not_allowed, name_taken, identity_taken, community_unknown or
 * last_admin.
 */
export async function changeOrganisation(
  db: Database,
  by: Administrator,
  slug: string,
  change: OrganisationChange,
  now: Date,
): Promise<OrganisationView> {
  await readOrganisation(db, by, slug);
  if (!mayChange(by, slug, change)) {
    throw new Problem('role_not_allowed', 'Only an admin may change this');
  }
  const { contacts: _, ...told } = change;
  const detail = { organisation: slug, changed: Object.keys(change), ...statusOf(told) };
  await administer(
    db,
    by,
    {
      action: 'organisation.change',
      describe: () => detail,
      about: () => [{ organisation: slug }],
    },
    async (tx) => {
      const [found] = await listOrganisations(tx, slug);
      if (found === undefined) throw unknownOrganisation(slug);
      await keepingAnAdmin(tx, now, () => apply(tx, by, found, change));
    },
  );
  return readOrganisation(db, by, slug);
}

function statusOf({ status }: OrganisationChange): { status?: Status } {
  return status === undefined ? {} : { status };
}

function mayChange(by: Administrator, slug: string, change: OrganisationChange): boolean {
  if (by.role === 'admin') return true;
  const { status, country, identities } = change;
  return seesAll(by, slug) && [status, country, identities].every((one) => one === undefined);
}

async function apply(
  tx: ServerTx,
  by: Administrator,
  found: OrganisationView,
  change: OrganisationChange,
): Promise<void> {
  const { name, status, country, contacts, identities } = change;
  const organisationId = found.id;
  if (name !== undefined) {
    await refuseLookAlikes(tx, [name], { organisationId, knownTo: knowledgeOf(by) });
  }
  // Others may have taken its name while they could not know of it.
  if (status === 'active' && found.status !== 'active') {
    await refuseLookAlikes(tx, [found.slug, name ?? found.name], { organisationId });
  }
  const defaultTlp = change.defaultTlp === undefined ? undefined : tlpRank(change.defaultTlp);
  if (defaultTlp !== undefined) {
    refuseDefaultAbove(defaultTlp, (await highestCeiling(tx, found.id)) ?? defaultTlp);
  }
  const defaultCommunityId = await communityOf(tx, by, change.defaultCommunity);
  await updateOrganisation(tx, found.id, { name, status, country, defaultTlp, defaultCommunityId });
  if (contacts !== undefined) await replaceContacts(tx, found.id, contacts);
  if (identities === undefined) return;
  await refuseForeign(tx, found.id, identities);
  await replaceIdentities(tx, found.id, identities);
}

/** A community that the caller's organisation is in; for an admin, any. */
async function communityOf(
  tx: ServerTx,
  by: Administrator,
  slug: string | undefined,
): Promise<number | undefined> {
  if (slug === undefined) return undefined;
  const id = await findCommunity(tx, PRODUCTION, slug);
  if (id !== undefined && (await knowsCommunity(tx, by, id))) return id;
  throw new Problem('community_unknown', `There is no community ${slug}`, {
    path: 'body.default_community',
  });
}

async function knowsCommunity(
  tx: ServerTx,
  by: Administrator,
  communityId: number,
): Promise<boolean> {
  const organisationId = knowledgeOf(by);
  if (organisationId === undefined) return true;
  return isInCommunity(tx, organisationId, { realmId: PRODUCTION, communityId });
}

async function refuseForeign(
  tx: ServerTx,
  organisationId: number,
  identities: readonly string[],
): Promise<void> {
  const [foreign] = await othersIdentities(tx, organisationId, identities);
  if (foreign === undefined) return;
  throw new Problem('identity_taken', `${foreign} is another member's identity`, {
    path: 'body.identities',
  });
}

export function unknownOrganisation(slug: string): Problem {
  return new Problem('not_found', `There is no organisation ${slug}`);
}
