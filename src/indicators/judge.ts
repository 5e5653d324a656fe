/** The TLP level of an object, and what the policy says to sharing it so. Pure. */
import { sharingFault, type SharingFault } from '../sharing/share.ts';
import type { Finding } from '../stix/check/finding.ts';
import type { Description, Surroundings } from '../stix/describe.ts';
import { jsonPath } from '../stix/json/fault.ts';
import { meaningOf } from '../stix/marking/marking.ts';
import { predefinedMarking } from '../stix/marking/predefined-marking.ts';
import { tlpRank } from '../stix/marking/tlp.ts';

/** What the sharer may share, and with whom this request shares. */
export interface Terms extends Surroundings {
  /** TLP rank of what states no level. */
  readonly defaultTlp: number;
  /** What becomes of an object whose TLP level cannot be determined. */
  readonly unknownTlp: UnknownTlp;
  /** Whether more of the request follows, so that a marking may still be defined. */
  readonly moreFollow: boolean;
  readonly shareCeiling: number;
  readonly namesOrganisations: boolean;
  readonly othersIdentities: ReadonlySet<string>;
}

/** The default level of its organisation and a warning, or a rejection. */
export type UnknownTlp = 'warn' | 'reject';

/** The TLP rank at which an object is shared. */
export function levelOf({ level, doubts }: Description, { defaultTlp }: Terms): number {
  const stated = level === undefined ? defaultTlp : tlpRank(level);
  // Beside a level that can be read, one that cannot may be any: at least the default.
  const isUnclear = doubts.some(({ code }) => code === 'tlp_unknown');
  return isUnclear ? Math.max(stated, defaultTlp) : stated;
}

/** Why an object may not be shared at this level; undefined where it may. */
export function faultOf(
  described: Description,
  tlp: number,
  terms: Terms,
): Finding | SharingFault | undefined {
  const { shareCeiling: ceiling, namesOrganisations } = terms;
  const origin = originOf(described, tlp);
  return (
    markingFault(described, terms) ?? sharingFault({ tlp, ceiling, namesOrganisations, ...origin })
  );
}

/** Where the level of an object comes from: what states it, what may mean any level, or the default. */
function originOf(
  { level, levelAt, doubts }: Description,
  tlp: number,
): { path: string; byDefault: boolean } {
  if (level !== undefined && levelAt !== undefined && tlpRank(level) === tlp) {
    return { path: jsonPath(levelAt), byDefault: false };
  }
  return { path: doubts[0]?.path ?? '$', byDefault: true };
}

/** Why an object may not stand beside what is known of markings, or is not known. */
function markingFault(
  { object, doubts }: Description,
  { meanings, unknownTlp, moreFollow }: Terms,
): Finding | undefined {
  if (object.type === 'marking-definition' && predefinedMarking(object.id) === undefined) {
    const known = meanings.get(object.id.toLowerCase()) ?? 'none';
    if (known !== 'none' && known !== meaningOf(object)) return redefined(known);
  }
  if (unknownTlp === 'reject') return doubts[0];
  const undefinedYet = doubts.find(({ code }) => code === 'marking_unknown');
  if (!moreFollow || undefinedYet === undefined) return undefined;
  const detail =
    'This marking is not defined yet. Send its definition before the objects that refer to it';
  return { ...undefinedYet, detail };
}

function redefined(known: string): Finding {
  return {
    code: 'marking_redefined',
    path: '$.id',
    detail: `Another definition of this id says TLP:${known.toUpperCase()}, which counts. Use another id`,
  };
}
