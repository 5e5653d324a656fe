import { tlpRank } from '../stix/marking/tlp.ts';

/** TLP:RED is for people with clearance, never for a key. */
export const UNCLEARED_CEILING = tlpRank('amber+strict');

/** The ceiling of a viewer that may see nothing: below every level. */
export const NO_CEILING = -1;

/**
 * Who reads the log. What its organisation may see is looked up in the very snapshot that it reads
 * in, never before: what became visible in between would be skipped permanently.
 */
export interface Reader {
  readonly organisationId: number;
  readonly realmId: number;
  /** The highest TLP rank that is for it, whatever its organisation may see. */
  readonly rankMax: number;
  /** A person with RED clearance: also receives withdrawals of what was RED, whatever they see by now. */
  readonly cleared: boolean;
}

/**
 * Who is asking. Everything that reads shared content takes a viewer, and PostgreSQL's row security
 * enforces what it says: visible = audience among the viewer's, TLP at most the ceiling, same realm;
 * what an organisation shared itself stays visible to it.
 */
export interface Viewer {
  readonly organisationId: number;
  readonly realmId: number;
  /** The highest TLP rank it may see (0 CLEAR … 4 RED), or NO_CEILING. */
  readonly ceiling: number;
  /** Whether it is a person with RED clearance. */
  readonly cleared: boolean;
  /** Ids of every audience that the organisation is in now. */
  readonly audiences: readonly number[];
  /** The audience that is the organisation alone. */
  readonly self: number;
}

/** The viewer's organisation by itself: its own versions, however they are marked, and nobody else's. */
export function itselfAlone(viewer: Viewer): Viewer {
  return { ...viewer, audiences: [], ceiling: tlpRank('red') };
}

/** The same as a reader of the log: of what it may see, only what does not change with time. */
export function readerOf({ organisationId, realmId, cleared }: Viewer): Reader {
  const rankMax = cleared ? tlpRank('red') : UNCLEARED_CEILING;
  return { organisationId, realmId, rankMax, cleared };
}
