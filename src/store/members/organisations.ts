import type { Database } from '../postgres/database.ts';
import { Prisma } from '../generated/client.ts';
import { all } from '../postgres/conditions.ts';
import { takeLock } from '../postgres/locks.ts';
import { asServer, type ServerTx } from '../postgres/transaction.ts';

// SQL, not the typed client: sets of names, made in one statement.

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
  readonly country: string | null;
  readonly status: string;
  /** Whether its agreements need nobody's approval any more. */
  readonly approved: boolean;
}

/**
 * Makes an organisation with its own audience, its communities, an agreement for each and its
 * STIX identity, in one statement. Returns whether it was made: not when its slug is taken, by an
 * organisation or an audience.
 */
export async function insertOrganisation(tx: ServerTx, wish: NewOrganisation): Promise<boolean> {
  const [row] = await tx.$queryRaw<{ made: boolean }[]>`
    with made as (
      insert into organisation (slug, name, kind, default_tlp, country, status)
      select ${wish.slug}, ${wish.name}, ${wish.kind}, ${wish.defaultTlp}::smallint,
        ${wish.country}, ${wish.status}
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
      insert into agreement (organisation_id, community_id, title, tlp_ceiling, approved_at)
      select made.id, joined.id, 'Membership of ' || joined.slug, ${wish.tlpCeiling}::smallint,
        case when ${wish.approved} then now() end
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

export async function findOrganisationId(
  tx: Prisma.TransactionClient,
  slug: string,
): Promise<number | undefined> {
  return (await tx.organisation.findUnique({ where: { slug }, select: { id: true } }))?.id;
}

/** The slugs of organisations, in order. */
export async function findOrganisationSlugs(
  db: Database,
  ids: readonly number[],
): Promise<string[]> {
  const rows = await db.server.$queryRaw<{ slug: string }[]>`
    select slug from organisation where id = any(${[...ids]}::integer[]) order by slug`;
  return rows.map(({ slug }) => slug);
}

/** Whether no key of role admin was ever made: nobody could administer the server. */
export async function isUnfounded(db: Database): Promise<boolean> {
  const where = { role: 'admin' };
  return (await db.server.apiKey.findFirst({ where, select: { id: true } })) === null;
}

/** Runs `work` while no other process runs its own; others wait. */
export async function whileFounding<T>(db: Database, work: () => Promise<T>): Promise<T> {
  return asServer(db, async (tx) => {
    await takeLock(tx, 'founding');
    return work();
  });
}

/** Which names: of every realm or of one, all of them or those that an organisation may know. */
export interface NameFilter {
  readonly realmId?: number | undefined;
  readonly knownTo?: number | undefined;
}

export interface KnownName {
  readonly organisationId: number | null;
  readonly name: string;
}

/** The names of organisations, communities and groups, which a new name may not look like. */
export async function findNames(
  tx: ServerTx,
  { realmId, knownTo }: NameFilter = {},
): Promise<KnownName[]> {
  return tx.$queryRaw`
    select o.id as "organisationId", unnest(array[o.slug, o.name]) as name
    from organisation o
    where ${all(
      knownTo === undefined
        ? undefined
        : Prisma.sql`o.status = 'active' or o.id = ${knownTo}::integer`,
    )}
    union all
    select null, a.slug from audience a
    where a.slug is not null and ${all(
      realmId === undefined ? undefined : Prisma.sql`a.realm_id = ${realmId}::smallint`,
      knownTo === undefined
        ? undefined
        : Prisma.sql`a.open or a.id in (select base_audiences(${knownTo}::integer, a.realm_id))
          or exists (select from audience_owner w
            where w.audience_id = a.id and w.organisation_id = ${knownTo}::integer)`,
    )}`;
}

/** Whether an organisation is in a community, so that it knows of it. */
export async function isInCommunity(
  tx: ServerTx,
  organisationId: number,
  { realmId, communityId }: { readonly realmId: number; readonly communityId: number },
): Promise<boolean> {
  const [row] = await tx.$queryRaw<{ inside: boolean }[]>`
    select ${communityId}::integer in (
      select base_audiences(${organisationId}::integer, ${realmId}::smallint)) as inside`;
  return row?.inside ?? false;
}
