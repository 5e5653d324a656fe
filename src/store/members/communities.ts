import { Prisma } from '../generated/client.ts';
import { all } from '../postgres/conditions.ts';
import type { ServerTx } from '../postgres/transaction.ts';

// SQL, not the typed client: lists in one row, and recursion.

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
  const where = { realmId, kind: 'community', slug };
  return (await tx.audience.findFirst({ where, select: { id: true } }))?.id;
}

/** The communities of a realm; with `among`, only those of these ids. */
export async function listCommunities(
  tx: Prisma.TransactionClient,
  realmId: number,
  among?: readonly number[],
): Promise<CommunityView[]> {
  const outer = among === undefined ? undefined : Prisma.sql`o.id = any(${[...among]}::integer[])`;
  const inner = among === undefined ? undefined : Prisma.sql`a.id = any(${[...among]}::integer[])`;
  return tx.$queryRaw`
    select a.slug, coalesce(a.name, a.slug) as name, a.description,
      array(select o.slug from community_within w join audience o on o.id = w.outer_id
        where w.inner_id = a.id and ${all(outer)} order by 1) as within
    from audience a
    where a.realm_id = ${realmId}::smallint and a.kind = 'community' and ${all(inner)}
    order by a.slug`;
}

export interface NewCommunity {
  readonly realmId: number;
  readonly slug: string;
  readonly name: string;
  readonly description: string;
}

export async function insertCommunity(tx: ServerTx, community: NewCommunity): Promise<number> {
  const { realmId, slug, name, description } = community;
  const { id } = await tx.audience.create({
    data: { realmId, kind: 'community', slug, name, description },
    select: { id: true },
  });
  return id;
}

/** Makes who is in `innerId` be in `outerId` too. */
export async function nest(tx: ServerTx, innerId: number, outerId: number): Promise<void> {
  await tx.communityWithin.createMany({ data: [{ innerId, outerId }], skipDuplicates: true });
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
