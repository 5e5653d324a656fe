import type { Database } from './database.ts';
import type { ServerTx } from './transaction.ts';

export interface NewOrganisation {
  readonly slug: string;
  readonly name: string;
  readonly kind: string;
  readonly realmId: number;
  /** Slugs of the communities under its agreement; made where they are not there. The first is its default. */
  readonly communities: readonly string[];
  /** TLP rank up to which the agreement reaches. */
  readonly tlpCeiling: number;
  /** TLP rank of what it shares without a marking. */
  readonly defaultTlp: number;
  readonly identity: string;
}

/**
 * Makes an organisation with its own audience, its communities, an agreement for each and its
 * STIX identity, in one statement. Returns whether it was made: not when its slug is taken, by an
 * organisation or an audience.
 */
export async function insertOrganisation(tx: ServerTx, wish: NewOrganisation): Promise<boolean> {
  const [row] = await tx.$queryRaw<{ made: boolean }[]>`
    with made as (
      insert into organisation (slug, name, kind, default_tlp)
      select ${wish.slug}, ${wish.name}, ${wish.kind}, ${wish.defaultTlp}::smallint
      where not exists (
        select from audience where realm_id = ${wish.realmId}::smallint and slug = ${wish.slug})
      on conflict do nothing returning id
    ), alone as (
      insert into audience (realm_id, kind, organisation_id)
      select ${wish.realmId}::smallint, 'organisation', id from made
    ), signed as (
      insert into identity (stix_id, organisation_id) select ${wish.identity}, id from made
      on conflict do nothing
    ), wanted as (
      select slug, place from unnest(${[...wish.communities]}::text[]) with ordinality as w(slug, place)
    ), founded as (
      insert into audience (realm_id, kind, slug, name)
      select ${wish.realmId}::smallint, 'community', slug, slug from wanted, made
      on conflict do nothing returning id, slug
    ), joined as (
      select id, slug from founded
      union
      select a.id, a.slug from audience a join wanted using (slug)
      where a.realm_id = ${wish.realmId}::smallint and a.kind = 'community'
    ), agreed as (
      insert into agreement (organisation_id, community_id, title, tlp_ceiling)
      select made.id, joined.id, 'Membership of ' || joined.slug, ${wish.tlpCeiling}::smallint
      from made, joined
    )
    select exists (select from made) as made`;
  if (row?.made !== true) return false;
  await tx.$executeRaw`
    update organisation set default_community_id = (
      select id from audience where realm_id = ${wish.realmId}::smallint and kind = 'community'
        and slug = ${wish.communities[0] ?? ''})
    where slug = ${wish.slug}`;
  return true;
}

export async function findOrganisationId(db: Database, slug: string): Promise<number | undefined> {
  const [row] = await db.server.$queryRaw<{ id: number }[]>`
    select id from organisation where slug = ${slug}`;
  return row?.id;
}

/** Whether no organisation has been made yet. */
export async function isUnfounded(db: Database): Promise<boolean> {
  const [row] = await db.server.$queryRaw<{ empty: boolean }[]>`
    select not exists (select from organisation) as empty`;
  return row?.empty ?? false;
}

export interface NewKeyRecord {
  readonly id: string;
  readonly organisationId: number;
  readonly realmId: number;
  readonly role: string;
  readonly label: string;
  readonly secretHash: Buffer;
  readonly expiresAt: Date | null;
}

export async function insertKey(db: Database, key: NewKeyRecord): Promise<void> {
  await db.server.$executeRaw`
    insert into api_key (id, organisation_id, realm_id, role, label, secret_hash, expires_at)
    values (${key.id}, ${key.organisationId}, ${key.realmId}::smallint, ${key.role}, ${key.label},
      ${key.secretHash}, ${key.expiresAt}::timestamptz)`;
}

/** Appends to the audit what the server or its operator did, outside any viewer. */
export async function noteServerAct(
  db: Database,
  act: { readonly actor: string; readonly action: string; readonly detail: object },
): Promise<void> {
  await db.server.$executeRaw`
    insert into audit (actor, action, detail)
    values (${act.actor}, ${act.action}, ${JSON.stringify(act.detail)}::jsonb)`;
}
