/**
 * Who reads the log: what its organisation may see is looked up in the very snapshot that it reads
 * in, and the ceiling may only lower that.
 */
export interface Reader {
  readonly organisationId: number;
  readonly realmId: number;
  /** The highest TLP rank it may see (0 CLEAR … 4 RED); -1 when it may see nothing. */
  readonly ceiling: number;
  /** A person with RED clearance: told too that what was RED is gone, whatever he sees by now. */
  readonly cleared: boolean;
}

/**
 * Who is asking. Everything that reads shared content takes a viewer, and PostgreSQL's row security
 * enforces what it says: visible = audience among the viewer's, TLP at most the ceiling, same realm;
 * what an organisation shared itself stays visible to it.
 */
export interface Viewer extends Reader {
  /** Ids of every audience that the organisation is in now. */
  readonly audiences: readonly number[];
  /** The audience that is the organisation alone. */
  readonly self: number;
}
