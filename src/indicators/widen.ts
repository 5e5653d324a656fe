/** Gives stored objects to further organisations, and looks up what deciding so needs to know. */
import {
  internUnion,
  partsOf,
  partsOfEach,
  slugsOfAudiences,
  type UnionMaker,
} from '../store/audiences.ts';
import type { Database } from '../store/database.ts';
import { widenCurrent } from '../store/narrowing.ts';
import type { Tx } from '../store/transaction.ts';
import type { Share } from '../store/versions.ts';
import type { AskedAudience } from './asked-audience.ts';
import type { ChosenAudience } from './audience.ts';
import type { Decision, KnownVersion } from './decision.ts';

/** The audience of a request beside those of what is stored; nothing is looked up where nothing is. */
export async function askedAudience(
  db: Database,
  tx: Tx,
  {
    partIds,
    namesOrganisations,
    own,
    cleared,
  }: ChosenAudience & Pick<AskedAudience, 'own' | 'cleared'>,
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
    cleared,
    slugs: isNeeded ? await slugsOfAudiences(db, partIds) : new Map(),
    partsOf: new Map(parts.map(({ audienceId, partIds: ids }) => [audienceId, new Set(ids)])),
  };
}

/** What an object has already may be a union itself. */
async function withParts(tx: Tx, ids: readonly number[]): Promise<number[]> {
  const unions = ids.filter((id) => id < 0);
  const parts = unions.length === 0 ? [] : await partsOfEach(tx, unions);
  return [...ids.filter((id) => id >= 0), ...parts.flatMap(({ partIds }) => partIds)];
}

/**
 * Gives these versions to the new audience too; they are announced with the rest of the request. Returns
 * the audience that each has then, by its version. Throws ConcurrentWrite as supersede does.
 */
export async function widen(
  tx: Tx,
  share: Share,
  { partIds, maker }: { readonly partIds: readonly number[]; readonly maker: UnionMaker },
  decisions: readonly Decision[],
): Promise<Map<string, number>> {
  const widened = decisions.flatMap((one) => ('widens' in one ? [one.widens] : []));
  const audiences = new Map<string, number>();
  for (const [audienceId, versions] of Map.groupBy(widened, (one) => one.audienceId)) {
    const all = [...(await partsOf(tx, audienceId)), ...partIds];
    const wider = await internUnion(tx, share.realmId, all, maker);
    await widenCurrent(tx, versions, wider);
    for (const { versionId } of versions) audiences.set(versionId, wider);
  }
  return audiences;
}
