/** The TLP level of an object, and what the policy says to sharing it so. Pure. */
import { sharingFault, type SharingFault } from '../sharing/share.ts';
import type { Finding } from '../stix/check/check.ts';
import type { Exercise } from '../stix/exercise.ts';
import { markedBy, meaningOf, type Meanings } from '../stix/marking/marking.ts';
import type { StixObject } from '../stix/object.ts';
import { predefinedMarking } from '../stix/marking/predefined-marking.ts';
import { tlpRank } from '../stix/marking/tlp.ts';

/** What the sharer may share, and with whom this request shares. */
export interface Terms {
  /** The exercise that the sharer is in; undefined in production. */
  readonly exercise: Exercise | undefined;
  readonly defaultTlp: number;
  readonly tlpAtLeast: number;
  /** What is known of markings that are not predefined. */
  readonly meanings: Meanings;
  /** What becomes of an object whose TLP level cannot be told. */
  readonly unknownTlp: UnknownTlp;
  /** Whether the request goes on, so that a marking may still be defined. */
  readonly moreFollow: boolean;
  readonly shareCeiling: number;
  readonly namesOrganisations: boolean;
  readonly othersIdentities: ReadonlySet<string>;
  /** An object's JSON may have at most this many characters, its references left out. */
  readonly charactersMax: number;
  /** Undefined where nobody reads the warnings. */
  readonly now: Date | undefined;
}

/** The default level of its organisation and a warning, or a rejection. */
export type UnknownTlp = 'warn' | 'reject';

/** What the sharing policy makes of an object. */
export interface Judged {
  /** TLP rank. */
  readonly tlp: number;
  /** The rank that its markings state; -1 where they state none. */
  readonly statedTlp: number;
  /** What may mean a level that nobody can tell. */
  readonly doubts: readonly Finding[];
  /** Why it may not be shared so. */
  readonly fault: Finding | SharingFault | undefined;
}

/** At which level an object is shared, and whether it may be. */
export function judge(object: StixObject, terms: Terms): Judged {
  const { tlp, statedTlp, doubts } = levelOf(object, terms);
  const { shareCeiling: ceiling, namesOrganisations } = terms;
  const fault =
    markingFault(object, doubts, terms) ?? sharingFault({ tlp, ceiling, namesOrganisations });
  return { tlp, statedTlp, doubts, fault };
}

function levelOf(
  object: StixObject,
  { meanings, defaultTlp, tlpAtLeast }: Terms,
): Omit<Judged, 'fault'> {
  const { tlp, doubts } = markedBy(object, meanings);
  const statedTlp = tlp === undefined ? -1 : tlpRank(tlp);
  const stated = tlp === undefined ? defaultTlp : statedTlp;
  // Beside a level that can be read, one that cannot may be any: at least the default.
  const isUnclear = doubts.some(({ code }) => code === 'tlp_unknown');
  return { tlp: Math.max(stated, tlpAtLeast, isUnclear ? defaultTlp : 0), statedTlp, doubts };
}

/** Why an object may not stand beside what is known of markings, or is not known. */
function markingFault(
  object: StixObject,
  doubts: readonly Finding[],
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
    'No definition of this marking came before. Send it before the objects that refer to it';
  return { ...undefinedYet, detail };
}

function redefined(known: string): Finding {
  return {
    code: 'marking_redefined',
    path: '$.id',
    detail: `Another definition of this id says TLP:${known.toUpperCase()}, which counts. Use another id`,
  };
}
