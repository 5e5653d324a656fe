/**
 * What an organisation may share with whom. Pure: the facts come as arguments.
 */
import { levelName } from '../stix/marking/tlp.ts';

import { tlpRank } from '../stix/marking/tlp.ts';

/** An audience as far as sharing with it is concerned. */
export interface Audience {
  readonly id: number;
  readonly kind: 'community' | 'group' | 'organisation' | 'union';
}

export type SharingFault = {
  readonly code: 'red_needs_named_organisations' | 'tlp_above_ceiling';
  readonly path: string;
  readonly detail: string;
};

export interface Sharing {
  /** TLP rank of the object, 0 CLEAR … 4 RED. */
  readonly tlp: number;
  /** TLP rank up to which the organisation's agreement lets it share. */
  readonly ceiling: number;
  /** Whether the audience names organisations one by one. */
  readonly namesOrganisations: boolean;
  /** JSONPath to what states the level; without it, `$`. */
  readonly path?: string | undefined;
  /** Whether the object states no level, and so has the default of the organisation. */
  readonly byDefault?: boolean | undefined;
}

const RED = tlpRank('red');

/** AMBER, which is set where nobody chooses a default level, is allowed under any ceiling. */
const UNCHOSEN = tlpRank('amber');

/** Whether nothing without a marking could be shared: the default level is above what agreements cover. */
export function isDefaultAboveCeiling(defaultTlp: number, ceiling: number): boolean {
  return defaultTlp > Math.max(ceiling, UNCHOSEN);
}

/** Why this may not be shared so, or undefined when it may. */
export function sharingFault(sharing: Sharing): SharingFault | undefined {
  const { path = '$', byDefault = false } = sharing;
  if (sharing.tlp > sharing.ceiling) {
    return {
      code: 'tlp_above_ceiling',
      path,
      detail:
        `${byDefault ? 'The object states no level and has the default of the organisation,' : 'The level of the object is'} ` +
        `TLP:${levelName(sharing.tlp)}; the agreements of the organisation cover ` +
        `levels up to TLP:${levelName(sharing.ceiling)}.`,
    };
  }
  if (sharing.tlp >= RED && !sharing.namesOrganisations) {
    return {
      code: 'red_needs_named_organisations',
      path,
      detail: 'Name the organisations in `audience`: TLP:RED never goes to a community or group',
    };
  }
  return undefined;
}
