import { PRODUCTION, type RealmState } from '../../sharing/realm.ts';
import { Prisma } from '../generated/client.ts';
import { all } from '../postgres/conditions.ts';
import { takeLock } from '../postgres/locks.ts';
import type { ServerTx, Tx } from '../postgres/transaction.ts';

// SQL, not the typed client: lists in one row, and the time of the database.

/** An exercise, or what is left of it. */
export interface RealmRecord {
  readonly id: number;
  readonly slug: string;
  readonly name: string;
  readonly from: Date;
  readonly until: Date;
  readonly state: RealmState;
  /** Slugs of the organisations with an agreement in force. */
  readonly members: readonly string[];
  readonly archivedAt: Date | null;
  readonly wipedAt: Date | null;
  readonly wipedBy: string | null;
  readonly wipedBecause: string | null;
}

/** The exercises, the newest first, or the one of a slug. */
export async function listRealms(
  tx: Prisma.TransactionClient,
  slug?: string,
): Promise<RealmRecord[]> {
  return tx.$queryRaw`
    select r.id, r.slug, r.name, r.starts_at as "from", r.ends_at as until,
      case when r.wiped_at is not null then 'wiped' when r.archived_at is not null then 'archived'
        when now() < r.starts_at then 'coming' when now() >= r.ends_at then 'over'
        else 'open' end as state,
      array(select distinct o.slug from agreement_in_force a
        join audience c on c.id = a.community_id join organisation o on o.id = a.organisation_id
        where c.realm_id = r.id order by 1) as members,
      r.archived_at as "archivedAt", r.wiped_at as "wipedAt", r.wiped_by as "wipedBy",
      r.wiped_because as "wipedBecause"
    from realm r where r.id <> ${PRODUCTION}::smallint and ${all(slug === undefined ? undefined : Prisma.sql`r.slug = ${slug}`)}
    order by r.id desc`;
}

/** The realm of this slug, production too, unless nothing is left of it. */
export async function findRealm(
  tx: Prisma.TransactionClient,
  slug: string,
): Promise<number | undefined> {
  const where = { slug, wipedAt: null };
  return (await tx.realm.findFirst({ where, select: { id: true } }))?.id;
}

export interface NewRealm {
  readonly slug: string;
  readonly name: string;
  readonly from: Date;
  readonly until: Date;
}

/** Makes an exercise and the community of all who take part; undefined when a name is taken. */
export async function insertRealm(
  tx: ServerTx,
  { slug, name, from, until }: NewRealm,
): Promise<{ realmId: number; communityId: number } | undefined> {
  const [realm] = await tx.$queryRaw<{ id: number }[]>`
    insert into realm (slug, name, starts_at, ends_at)
    values (${slug}, ${name}, ${from}::timestamptz, ${until}::timestamptz)
    on conflict do nothing returning id`;
  if (realm === undefined) return undefined;
  const [made] = await tx.$queryRaw<{ realmId: number; communityId: number }[]>`
    with community as (
      insert into audience (realm_id, kind, slug, name)
      values (${realm.id}::smallint, 'community', ${slug}, ${name}) returning id, realm_id
    )
    update realm set community_id = community.id from community where realm.id = community.realm_id
    returning realm.id as "realmId", community.id as "communityId"`;
  return made;
}

/** Makes an organisation one that can be named in a realm. */
export async function enterRealm(
  tx: ServerTx,
  realmId: number,
  organisationId: number,
): Promise<void> {
  const data = [{ realmId, kind: 'organisation', organisationId }];
  await tx.audience.createMany({ data, skipDuplicates: true });
}

/** The organisations that can be named in a realm. */
export async function findEntered(
  tx: Prisma.TransactionClient,
  realmId: number,
): Promise<Set<number>> {
  const rows = await tx.$queryRaw<{ id: number }[]>`
    select organisation_id as id from audience
    where realm_id = ${realmId}::smallint and organisation_id is not null`;
  return new Set(rows.map(({ id }) => id));
}

export async function isArchived(tx: Prisma.TransactionClient, realmId: number): Promise<boolean> {
  const where = { id: realmId, archivedAt: { not: null } };
  return (await tx.realm.findFirst({ where, select: { id: true } })) !== null;
}

/** Closes an exercise for posts; waits for writers. */
export async function archive(tx: ServerTx, realmId: number): Promise<void> {
  await takeLock(tx, 'writers');
  await tx.$executeRaw`update realm set archived_at = now() where id = ${realmId}::smallint`;
}

/** Takes all content of an archived exercise away: see wipe_realm in prisma/definitions. */
export async function wipe(
  tx: ServerTx,
  realmId: number,
  { by, because }: { readonly by: string; readonly because: string },
): Promise<void> {
  await tx.$queryRaw`select wipe_realm(${realmId}::smallint)::text`;
  await tx.$executeRaw`
    update realm set wiped_at = now(), wiped_by = ${by}, wiped_because = ${because}
    where id = ${realmId}::smallint`;
}

/** Whether a realm takes new content at this moment. */
export async function isOpen(tx: Tx, realmId: number): Promise<boolean> {
  const [row] = await tx.$queryRaw<{ open: boolean }[]>`
    select realm_is_open(${realmId}::smallint) as open`;
  return row?.open ?? false;
}
