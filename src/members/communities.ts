import { Problem } from '../errors.ts';
import { PRODUCTION } from '../sharing/realm.ts';
import {
  findCommunity,
  insertCommunity,
  isWithinCommunity,
  listCommunities,
  nest,
  type CommunityView,
} from '../store/members/communities.ts';
import type { Database } from '../store/postgres/database.ts';
import type { ServerTx } from '../store/postgres/transaction.ts';
import { aboutNobody, administer, type Administrator } from '../access/administer.ts';
import { refuseLookAlikes } from './create.ts';

export interface CommunityInput {
  readonly slug: string;
  /** The slug unless given. */
  readonly name?: string | undefined;
  readonly description: string;
  /** Slugs of communities whose members its members are too, */
  readonly within: readonly string[];
  /** and of those whose members are its members too. */
  readonly contains: readonly string[];
}

/** Makes a community of production. Throws Problem name_taken, community_unknown or community_circle. */
export async function createCommunity(
  db: Database,
  by: Administrator,
  input: CommunityInput,
): Promise<CommunityView> {
  const { slug, name = slug, within, contains } = input;
  const detail = { slug, within: [...within], contains: [...contains] };
  const act = { action: 'community.create', describe: () => detail, about: aboutNobody };
  await administer(db, by, act, async (tx) => {
    await refuseLookAlikes(tx, [slug]);
    const outer = await idsOf(tx, within);
    const inner = await idsOf(tx, contains);
    for (const [outerSlug, outerId] of outer) {
      for (const [innerSlug, innerId] of inner) {
        if (!(await isWithinCommunity(tx, outerId, innerId))) continue;
        throw new Problem('community_circle', `${outerSlug} is within ${innerSlug} already`);
      }
    }
    const id = await insertCommunity(tx, { ...input, name, realmId: PRODUCTION });
    for (const outerId of outer.values()) await nest(tx, id, outerId);
    for (const innerId of inner.values()) await nest(tx, innerId, id);
  });
  const [made] = (await listCommunities(db.server, PRODUCTION)).filter((one) => one.slug === slug);
  if (made === undefined) throw new Error('A community that was just created does not exist');
  return made;
}

/** The communities of its realm that who asks is in; all of them for an admin. */
export async function readCommunities(
  db: Database,
  by: Administrator,
  audiences: readonly number[],
): Promise<CommunityView[]> {
  return listCommunities(db.server, by.realmId, by.role === 'admin' ? undefined : audiences);
}

async function idsOf(tx: ServerTx, slugs: readonly string[]): Promise<Map<string, number>> {
  const ids = new Map<string, number>();
  for (const slug of slugs) {
    const id = await findCommunity(tx, PRODUCTION, slug);
    if (id === undefined) {
      throw new Problem('community_unknown', `There is no community ${slug}`);
    }
    ids.set(slug, id);
  }
  return ids;
}
