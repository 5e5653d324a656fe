/** Gives stored objects to further organisations or a stricter level, and looks up what deciding so needs to know. */
import {
  findEntitlements,
  internUnion,
  partsOf,
  partsOfEach,
  slugsOfAudiences,
  type UnionSharer,
} from '../store/content/audiences.ts';
import type { Database } from '../store/postgres/database.ts';
import { readdressAll } from '../store/content/narrowing.ts';
import type { Tx } from '../store/postgres/transaction.ts';
import type { Share } from '../store/content/versions.ts';
import type { AskedAudience } from './asked-audience.ts';
import type { ChosenAudience } from './audience.ts';
import type { Decision, KnownVersion } from './decision.ts';
import type { Move } from './narrow.ts';

/** The audience of a request beside those of what is stored; nothing is looked up where nothing is. */
export async function askedAudience(
  db: Database,
  tx: Tx,
  {
    partIds,
    namesOrganisations,
    byDefault = false,
    own,
    cleared,
    realmId,
  }: ChosenAudience & Pick<AskedAudience, 'own' | 'cleared'> & { readonly realmId: number },
  known: readonly KnownVersion[],
): Promise<AskedAudience> {
  const current = known.filter(({ superseded }) => !superseded);
  const audienceIds = new Set(current.map(({ audienceId }) => audienceId));
  const isNeeded = audienceIds.size > 0;
  const parts = isNeeded ? await partsOfEach(tx, [...audienceIds]) : [];
  return {
    partIds: new Set(isNeeded ? await withParts(tx, partIds) : partIds),
    own,
    namesOrganisations,
    byDefault,
    named: namesOrganisations ? await namedBy(db, realmId, partIds) : [],
    cleared,
    slugs: isNeeded ? await slugsOfAudiences(db, partIds) : new Map(),
    partsOf: new Map(parts.map(({ audienceId, partIds: ids }) => [audienceId, new Set(ids)])),
  };
}

async function namedBy(
  db: Database,
  realmId: number,
  partIds: readonly number[],
): Promise<AskedAudience['named']> {
  const names = new Set((await slugsOfAudiences(db, partIds)).values());
  const all = await findEntitlements(db, realmId, partIds);
  return all
    .filter(({ slug }) => names.has(slug))
    .map(({ slug, status, ceiling }) => ({
      slug,
      ceiling: status === 'active' ? ceiling : null,
    }));
}

/** What an object has already may be a union itself. */
async function withParts(tx: Tx, ids: readonly number[]): Promise<number[]> {
  const unions = ids.filter((id) => id < 0);
  const parts = unions.length === 0 ? [] : await partsOfEach(tx, unions);
  return [...ids.filter((id) => id >= 0), ...parts.flatMap(({ partIds }) => partIds)];
}

/**
 * Gives stored versions to further organisations; they are announced with the rest of the request, to
 * these alone. Returns to whom, by version. Throws ConcurrentWrite as supersede does.
 */
export async function widen(
  tx: Tx,
  share: Share,
  sharer: UnionSharer,
  decisions: readonly Decision[],
): Promise<Map<string, number>> {
  const widenings = decisions.flatMap((one) => ('widens' in one ? [one] : []));
  const distinct = new Map(widenings.map((one) => [one.widens.versionId, one]));
  const announced = new Map<string, number>();
  const alike = Map.groupBy(distinct.values(), ({ widens, gaining }) =>
    [widens.audienceId, ...gaining].join(' '),
  );
  for (const some of alike.values()) {
    const [first] = some;
    if (first === undefined) continue;
    const { widens, gaining } = first;
    const all = [...(await partsOf(tx, widens.audienceId)), ...gaining];
    const wider = await internUnion(tx, share.realmId, all, sharer);
    const gainers = await internUnion(tx, share.realmId, [...gaining], sharer);
    const toOf = ({ tlp }: KnownVersion) => ({ audienceId: wider, tlp });
    await readdressAll(
      tx,
      some.map((one) => ({ version: one.widens, to: toOf(one.widens) })),
    );
    for (const one of some) announced.set(one.widens.versionId, gainers);
  }
  return announced;
}

/** Gives stored versions the level that their markings are known to state by now; returns the moves. */
export async function raise(tx: Tx, decisions: readonly Decision[]): Promise<Move[]> {
  const raised = decisions.flatMap((one) => ('raises' in one ? [one] : []));
  const moves = raised.map(({ raises: from, tlp }) => ({
    from,
    to: { audienceId: from.audienceId, tlp },
    stixIds: [from.stixId],
  }));
  await readdressAll(
    tx,
    moves.map(({ from, to }) => ({ version: from, to })),
  );
  return moves;
}
