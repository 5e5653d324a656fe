/** Versions that were found by their values, with all that is known of their objects. */
import type { Tx } from '../postgres/transaction.ts';
import { findListed, findRelated, findSharedVersions, type SharedVersion } from './lookup.ts';

/** A version, and what is known of its object. */
export interface Listed {
  readonly stixId: string;
  readonly type: string;
  readonly modified: Date;
  readonly content: Readonly<Record<string, unknown>>;
  readonly tlp: number;
  readonly revoked: boolean;
  readonly validUntil: Date | null;
  readonly sharers: readonly string[];
  readonly sharedBy: number;
  readonly firstShared: Date;
  readonly lastShared: Date;
  readonly related: readonly {
    readonly id: string;
    readonly type: string;
    readonly name: string | null;
    readonly relationship: string | null;
  }[];
}

/** These versions by their ids, as far as the viewer sees them and `bytesMax` goes (findListed). */
export async function findListedObjects(
  tx: Tx,
  realmId: number,
  versionIds: readonly string[],
  bytesMax: number,
): Promise<Map<string, Listed>> {
  const versions = await findListed(tx, versionIds, bytesMax);
  const stixIds = [...new Set(versions.map(({ stixId }) => stixId))];
  const shared = Map.groupBy(
    await findSharedVersions(tx, realmId, stixIds),
    ({ stixId }) => stixId,
  );
  const sharingOf = new Map([...shared].map(([stixId, all]) => [stixId, sharingIn(all)]));
  const related = Map.groupBy(await findRelated(tx, realmId, stixIds), ({ stixId }) => stixId);
  const listed = new Map<string, Listed>();
  for (const { versionId, content, ...version } of versions) {
    const sharing = sharingOf.get(version.stixId);
    if (sharing === undefined) continue;
    const links = related.get(version.stixId) ?? [];
    listed.set(versionId, {
      ...version,
      content: JSON.parse(content) as Record<string, unknown>,
      ...sharing,
      related: links.map(({ id, type, name, relationship }) => ({ id, type, name, relationship })),
    });
  }
  return listed;
}

type Sharing = Pick<Listed, 'sharers' | 'sharedBy' | 'firstShared' | 'lastShared'>;

/** Who shares an object at present, and when it was shared first and last; `versions` are not empty. */
function sharingIn(versions: readonly SharedVersion[]): Sharing {
  const current = versions.filter(({ superseded }) => !superseded);
  const sharers = new Set(current.flatMap(({ sharer }) => sharer ?? []));
  const times = versions.map(({ sharedAt }) => sharedAt.getTime());
  return {
    sharers: [...sharers].toSorted(),
    sharedBy: new Set(current.map(({ organisationId }) => organisationId)).size,
    firstShared: new Date(Math.min(...times)),
    lastShared: new Date(Math.max(...times)),
  };
}
