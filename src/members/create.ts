import { randomUUID } from 'node:crypto';
import type { Keyring } from '../keyring.ts';
import { Problem } from '../errors.ts';
import { isDefaultAboveCeiling } from '../sharing/share.ts';
import { looksLike } from '../sharing/look-alike.ts';
import { PRODUCTION } from '../sharing/realm.ts';
import { levelName, tlpRank, type Tlp } from '../stix/marking/tlp.ts';
import { othersIdentities } from '../store/content/audiences.ts';
import { findCommunity } from '../store/members/communities.ts';
import type { Database } from '../store/postgres/database.ts';
import { findNames, insertOrganisation, type NameFilter } from '../store/members/organisations.ts';
import type { ServerTx } from '../store/postgres/transaction.ts';
import { administer, operator, type Administrator } from '../access/administer.ts';
import { mintKey, type KeyInput } from '../access/key-acts.ts';

/** The community that everyone is in unless said otherwise; the first start creates it. */
export const DEFAULT_COMMUNITY = 'alliance';

export const ORGANISATION_KINDS = [
  'allied_nation',
  'alliance_body',
  'partner_nation',
  'international_organisation',
  'industry',
  'academia',
] as const;
export type OrganisationKind = (typeof ORGANISATION_KINDS)[number];

export interface OrganisationInput {
  readonly slug: string;
  /** The slug unless given. */
  readonly name?: string | undefined;
  readonly kind: OrganisationKind;
  /** Slugs; the first is the default audience. */
  readonly communities: readonly string[];
  readonly ceiling: Tlp;
  readonly defaultTlp: Tlp;
  /** Its STIX identity; one is made where none is given. */
  readonly identity?: string | undefined;
  readonly country?: string | undefined;
  readonly status?: 'invited' | 'active';
}

/** Who does it, for the audit. */
export type Actor = string;

const SLUG = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** A path of its own beside the organisations. */
const RESERVED = 'directory';

/** Whether an organisation of this kind is a partner, whose agreements take two approvals. */
export function isPartner(kind: string): boolean {
  return kind !== 'allied_nation' && kind !== 'alliance_body';
}

/**
 * Creates an organisation of a server that is being set up, with its communities where they are missing.
 * Agreements need no approval. Returns its identity.
 * Throws Problem invalid_request for a slug that is none, name_taken or identity_taken.
 */
export async function createOrganisation(
  db: Database,
  input: OrganisationInput,
  actor: Actor,
): Promise<{ identity: string }> {
  return admit(db, input, operator(actor), true);
}

/**
 * Creates an organisation and the agreements under which it takes part. Agreements with partners wait for
 * their approvals, unless the operator makes them. Returns its identity.
 * Throws Problem community_unknown for a community that does not exist, and as createOrganisation.
 */
export async function admitOrganisation(
  db: Database,
  input: OrganisationInput,
  by: Administrator,
): Promise<{ identity: string }> {
  for (const slug of input.communities) {
    if ((await findCommunity(db.server, PRODUCTION, slug)) !== undefined) continue;
    throw new Problem('community_unknown', `There is no community ${slug}`, {
      path: 'body.communities',
    });
  }
  return admit(db, input, by, !isPartner(input.kind) || by.organisation === undefined);
}

async function admit(
  db: Database,
  input: OrganisationInput,
  by: Administrator,
  approved: boolean,
): Promise<{ identity: string }> {
  for (const slug of [input.slug, ...input.communities]) {
    if (!SLUG.test(slug) || slug === RESERVED) {
      throw new Problem(
        'invalid_request',
        `${slug} is not a valid slug: use a-z, 0-9 and hyphens, at most 63 characters`,
      );
    }
  }
  refuseDefaultAbove(tlpRank(input.defaultTlp), tlpRank(input.ceiling));
  const identity = input.identity ?? `identity--${randomUUID()}`;
  const { slug, name = slug, communities, kind, ceiling } = input;
  const record = {
    ...input,
    name,
    identity,
    approved,
    country: input.country ?? null,
    status: input.status ?? 'active',
    realmId: PRODUCTION,
    tlpCeiling: tlpRank(input.ceiling),
    defaultTlp: tlpRank(input.defaultTlp),
  };
  const detail = { slug, kind, communities: [...communities], ceiling, approved };
  const about = () => [{ organisation: slug }];
  const act = { action: 'organisation.create', describe: () => detail, about };
  await administer(db, by, act, async (tx) => {
    await refuseLookAlikes(tx, [slug, name]);
    if ((await othersIdentities(tx, 0, [identity])).size > 0) {
      throw new Problem('identity_taken', `${identity} is another member's identity`);
    }
    if (!(await insertOrganisation(tx, record))) throw taken(slug);
  });
  return { identity };
}

/**
 * Throws Problem invalid_request for a default level above the ceiling: every object without a marking would
 * be rejected.
 */
export function refuseDefaultAbove(defaultTlp: number, ceiling: number): void {
  if (!isDefaultAboveCeiling(defaultTlp, ceiling)) return;
  throw new Problem(
    'invalid_request',
    `\`default_tlp\` is TLP:${levelName(defaultTlp)}, but the agreements cover levels up to ` +
      `TLP:${levelName(ceiling)}, so every object without a marking would be rejected. Use a lower ` +
      'default, or widen the agreements first.',
    { path: 'body.default_tlp' },
  );
}

/**
 * Throws Problem name_taken when one of these is, or looks like, the name of something else;
 * `organisationId` is whose own names do not count. With `realmId`, the communities and groups of
 * other realms do not count; with `knownTo`, nothing that this organisation may not know of: an
 * error would tell it that there is such a thing.
 */
export async function refuseLookAlikes(
  tx: ServerTx,
  names: readonly string[],
  { organisationId, ...filter }: NameFilter & { readonly organisationId?: number } = {},
): Promise<void> {
  const all = await findNames(tx, filter);
  const known = all.filter((one) => one.organisationId !== (organisationId ?? 0));
  const name = names.find((wished) => known.some((one) => looksLike(wished, one.name)));
  if (name !== undefined) throw taken(name);
}

/** The organisation whose knowledge limits what an administrator sees; admins may know all. */
export function knowledgeOf({ role, organisation }: Administrator): number | undefined {
  return role === 'admin' ? undefined : organisation?.id;
}

function taken(name: string): Problem {
  return new Problem('name_taken', `${name} is taken, or looks like a name that is taken`);
}

/** Makes a key for the operator and returns its text, kept nowhere. Throws Problem not_found. */
export async function createKey(
  db: Database,
  keyring: Keyring,
  input: KeyInput,
  actor: Actor,
): Promise<string> {
  const { text } = await mintKey({ db, keyring }, operator(actor), input);
  return text;
}
