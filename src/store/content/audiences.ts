import { createHash } from 'node:crypto';
import type { Part, Entitlement } from '../../sharing/reach.ts';
import type { Audience } from '../../sharing/share.ts';
import type { Database } from '../postgres/database.ts';
import type { Prisma } from '../generated/client.ts';
import { withQuota } from './quotas.ts';
import type { Tx } from '../postgres/transaction.ts';

// SQL, not the typed client: under row security and set-based, at the rate of objects.

export interface NamedAudience extends Audience {
  readonly slug: string;
}

/**
 * The audiences that go by these slugs in a realm: communities and sharing groups by their own,
 * organisations by theirs. What is not found is left out.
 */
export async function findAudiences(
  db: Database,
  realmId: number,
  slugs: readonly string[],
): Promise<NamedAudience[]> {
  return db.server.$queryRaw<NamedAudience[]>`
    select a.id, a.kind, coalesce(a.slug, o.slug) as slug
    from audience a left join organisation o on o.id = a.organisation_id
    where a.realm_id = ${realmId}::smallint and coalesce(a.slug, o.slug) = any(${[...slugs]})`;
}

/** Who is about to share with a union, and how many it may use. */
export interface UnionSharer {
  readonly organisationId: number;
  readonly audiencesMax: number;
}

/**
 * The id of the union of these audiences, in the transaction that stores what is addressed to it:
 * the same parts always are the same audience. It is made where it is not there, and nothing is left
 * of it unless the transaction commits; until that ends, no sweep takes it away. It counts against the quota
 * of each organisation that shares with it, so that nobody learns from the count what others did.
 * Without a sharer, as for withdrawals, it counts against no quota. Throws Problem audience_limit.
 */
export async function internUnion(
  tx: Tx,
  realmId: number,
  partIds: readonly number[],
  sharer?: UnionSharer,
): Promise<number> {
  const parts = [...new Set(partIds)].toSorted((a, b) => a - b);
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  const hash = createHash('sha256').update(parts.join(',')).digest();
  const [known] = await tx.$queryRaw<{ id: number | null }[]>`
    select hold_union(${realmId}::smallint, ${hash}, ${sharer?.organisationId ?? null}::integer) as id`;
  if (typeof known?.id === 'number') return known.id;
  if (sharer) await withQuota(tx, sharer.organisationId, 'audiences', sharer.audiencesMax);
  const [made] = await tx.$queryRaw<{ id: number }[]>`
    select intern_union(${realmId}::smallint, ${parts}::integer[], ${hash},
      ${sharer?.organisationId ?? null}::integer) as id`;
  if (made === undefined) throw new Error('An audience was not made');
  return made.id;
}

/**
 * Deletes unions that have existed for this long and that nothing refers to; returns how many. Who is
 * about to use one keeps it.
 */
export async function sweepUnions(
  db: Database,
  { ageSeconds, max }: { readonly ageSeconds: number; readonly max: number },
): Promise<number> {
  const [row] = await db.server.$queryRaw<{ swept: number }[]>`
    select sweep_unions(make_interval(secs => ${ageSeconds}::float8), ${max}::integer) as swept`;
  return row?.swept ?? 0;
}

/** The communities, groups and organisations that these audiences are made of. */
export async function findParts(
  db: Database,
  realmId: number,
  audienceIds: readonly number[],
): Promise<Part[]> {
  return db.server.$queryRaw<Part[]>`
    with part as (
      select id from unnest(${[...audienceIds]}::integer[]) as id
      union
      select part_id from audience_part where audience_id = any(${[...audienceIds]}::integer[])
    )
    select a.id, a.kind, coalesce(a.slug, o.slug) as slug, a.hidden_members as "hiddenMembers",
      array(select w.organisation_id from audience_owner w where w.audience_id = a.id) as "ownerIds"
    from part join audience a using (id) left join organisation o on o.id = a.organisation_id
    where a.realm_id = ${realmId}::smallint and a.kind <> 'union' order by slug`;
}

/** What decides who sees what is shared with these parts: of all organisations. */
export async function findEntitlements(
  db: Database,
  realmId: number,
  partIds: readonly number[],
): Promise<Entitlement[]> {
  return db.server.$queryRaw<Entitlement[]>`
    select o.id, o.slug, o.status, n.organisation_id is not null as "inRealm", n.ceiling,
      array(select part from unnest(n.base) as part
        where part = any(${[...partIds]}::integer[])) as "partIds"
    from organisation o
      left join standing_now n on n.organisation_id = o.id and n.realm_id = ${realmId}::smallint
    order by o.slug`;
}

/** The audience that is one organisation alone. */
export async function audienceOf(
  db: Database,
  realmId: number,
  organisationIds: readonly number[],
): Promise<number[]> {
  if (organisationIds.length === 0) return [];
  const rows = await db.server.$queryRaw<{ id: number }[]>`
    select id from audience
    where realm_id = ${realmId}::smallint and organisation_id = any(${[...organisationIds]}::integer[])`;
  return rows.map((row) => row.id);
}

/**
 * The communities, groups and organisations that an audience is made of, in the transaction that
 * may have made it: to all others, a union that it made is not there yet.
 */
export async function partsOf(tx: Tx, audienceId: number): Promise<number[]> {
  const [row] = await tx.$queryRaw<{ parts: number[] }[]>`
    select parts_of(${audienceId}::integer) as parts`;
  return row?.parts ?? [];
}

/** The same of several audiences. */
export async function partsOfEach(
  tx: Tx,
  audienceIds: readonly number[],
): Promise<{ audienceId: number; partIds: number[] }[]> {
  return tx.$queryRaw`
    select id as "audienceId", parts_of(id) as "partIds" from unnest(${[...audienceIds]}::integer[]) as id`;
}

/** What communities, groups and organisations are called in the API, by the id of their audience. */
export async function slugsOfAudiences(
  db: Database,
  ids: readonly number[],
): Promise<Map<number, string>> {
  const rows = await db.server.$queryRaw<{ id: number; slug: string }[]>`
    select a.id, coalesce(a.slug, o.slug) as slug
    from audience a left join organisation o on o.id = a.organisation_id
    where a.id = any(${[...ids]}::integer[]) and coalesce(a.slug, o.slug) is not null`;
  return new Map(rows.map(({ id, slug }) => [id, slug]));
}

/** The organisations that are in one of these, with the TLP rank up to which each may see. */
export async function membersOf(
  db: Database,
  realmId: number,
  partIds: readonly number[],
): Promise<{ organisationId: number; ceiling: number }[]> {
  return db.server.$queryRaw`
    select organisation_id as "organisationId", ceiling from standing_now
    where realm_id = ${realmId}::smallint and audiences && ${[...partIds]}::integer[]`;
}

/**
 * Which of these STIX identities belong to organisations other than `organisationId`. With
 * `onlyMembers`, those of organisations that were only invited so far do not count: nobody may know
 * of them yet, and an error would tell.
 */
export async function othersIdentities(
  tx: Prisma.TransactionClient,
  organisationId: number,
  stixIds: readonly string[],
  { onlyMembers = false }: { readonly onlyMembers?: boolean } = {},
): Promise<Set<string>> {
  if (stixIds.length === 0) return new Set();
  const rows = await tx.$queryRaw<{ stix_id: string }[]>`
    select i.stix_id from identity i join organisation o on o.id = i.organisation_id
    where i.organisation_id <> ${organisationId} and i.stix_id = any(${[...stixIds]})
      and (not ${onlyMembers} or o.status <> 'invited')`;
  return new Set(rows.map((row) => row.stix_id));
}

/** The communities and sharing groups among these audiences, by slug. */
export async function findAudienceNames(
  db: Database,
  audienceIds: readonly number[],
): Promise<{ kind: string; slug: string; name: string }[]> {
  return db.server.$queryRaw`
    select kind, slug, coalesce(name, slug) as name from audience
    where id = any(${[...audienceIds]}) and slug is not null order by slug`;
}
