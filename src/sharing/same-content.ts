/**
 * When an object that is posted is one that is stored already. Readers get an object with the TLP reference
 * of its level (see served.ts), so it may come back with one that its sharer never gave. Pure.
 */

/** What an object says, and how it is marked by references to TLP levels. */
export interface Marked {
  /** A hash of all but these references. */
  readonly contentHash: string;
  /** The rank of the strictest of them; null without one. */
  readonly referencedTlp: number | null;
}

/** The same of a stored version, with its effective TLP rank. */
export interface StoredContent extends Marked {
  readonly tlp: number;
}

/**
 * Whether a posted object is the stored one, as it was posted or as a reader may have got it: a reference
 * to any level from the one that the sharer gave up to the effective one. A stricter one is a change of
 * the sharer's, and so is one that takes back what the sharer gave.
 */
export function isSameContent(posted: Marked, stored: StoredContent): boolean {
  const rank = posted.referencedTlp ?? -1;
  const given = stored.referencedTlp ?? -1;
  return (
    posted.contentHash === stored.contentHash &&
    rank >= given &&
    rank <= Math.max(given, stored.tlp)
  );
}
