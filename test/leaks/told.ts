/** What may stand beside the versions that somebody sees. */
import { TLP_ORDER } from '../../src/stix/marking/tlp.ts';
import type { Model } from './model.ts';
import type { Eyes, Version } from './shared.ts';

/** What may stand beside a version that may be shown to somebody. */
export interface Told {
  readonly object: number;
  readonly number: number;
  readonly revoked: boolean;
  readonly current: boolean;
  readonly tlp: string;
  /** The name of the sharer; null if the viewer may not know it. */
  readonly sharer: string | null;
}

/** Of each version that may be shown to somebody, by its number. */
export function contextsFor(
  model: Model,
  eyes: Eyes,
  shown: readonly Version[],
): Map<number, Told[]> {
  const told = shown.map((version) => ({
    object: version.object,
    number: version.number,
    revoked: version.revoked,
    current: !version.superseded,
    tlp: TLP_ORDER[version.address.rank] ?? '',
    sharer: model.mayKnowSharer(eyes.organisation, version) ? version.sharer : null,
  }));
  return Map.groupBy(told, ({ number }) => number);
}
