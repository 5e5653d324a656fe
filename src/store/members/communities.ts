import type { Prisma } from '../generated/client.ts';
import type { ServerTx } from '../postgres/transaction.ts';

export interface CommunityView {
  readonly slug: string;
  readonly name: string;
  readonly description: string;
  /** Slugs of the communities whose members its members are too. */
  readonly within: readonly string[];
}

/** The id of the community of this slug. */
export async function findCommunity(
  tx: Prisma.TransactionClient,
  realmId: number,
  slug: string,
): Promise<number | undefined> {
  const [row] = await tx.$queryRaw<{ id: number }[]>`
    select id from audience
    where realm_id = ${realmId}::smallint and kind = 'community' and slug = ${slug}`;
  return row?.id;
}

/** The communities of a realm; with `among`, only those of these ids. */
export async function listCommunities(
  tx: Prisma.TransactionClient,
  realmId: number,
  among?: readonly number[],
): Promise<CommunityView[]> {
  return tx.$queryRaw`
    select a.slug, coalesce(a.name, a.slug) as name, a.description,
      array(select o.slug from community_within w join audience o on o.id = w.outer_id
        where w.inner_id = a.id and (${among === undefined} or o.id = any(${[...(among ?? [])]}))
        order by 1) as within
    from audience a
    where a.realm_id = ${realmId}::smallint and a.kind = 'community'
      and (${among === undefined} or a.id = any(${[...(among ?? [])]}))
    order by a.slug`;
}

export interface NewCommunity {
  readonly realmId: number;
  readonly slug: string;
  readonly name: string;
  readonly description: string;
}

export async function insertCommunity(tx: ServerTx, community: NewCommunity): Promise<number> {
  const [row] = await tx.$queryRaw<{ id: number }[]>`
    insert into audience (realm_id, kind, slug, name, description)
    values (${community.realmId}::smallint, 'community', ${community.slug}, ${community.name},
      ${community.description})
    returning id`;
  if (row === undefined) throw new Error('A community was not kept');
  return row.id;
}

/** Makes who is in `innerId` be in `outerId` too. */
export async function nest(tx: ServerTx, innerId: number, outerId: number): Promise<void> {
  await tx.$executeRaw`
    insert into community_within (inner_id, outer_id) values (${innerId}, ${outerId})
    on conflict do nothing`;
}

/** Whether `innerId` is `outerId`, or within it, directly or not. */
export async function isWithinCommunity(
  tx: ServerTx,
  innerId: number,
  outerId: number,
): Promise<boolean> {
  const [row] = await tx.$queryRaw<{ found: boolean }[]>`
    with recursive around as (
      select ${innerId}::integer as id
      union
      select w.outer_id from around join community_within w on w.inner_id = around.id
    )
    select exists (select from around where id = ${outerId}) as found`;
  return row?.found ?? false;
}
