export type AuditFaultKind =
  | 'altered' // the row contradicts its leaf, or the leaf contradicts its own hash
  | 'removed' // the row is gone, and retention did not take it
  | 'gap' // a leaf is gone, or there is one too many
  | 'misdated' // the row is dated outside the time in which it became a leaf
  | 'node' // a stored node is not what the leaves make
  | 'tree' // a checkpoint says another root
  | 'part' // what is said of one organisation's leaves is not what there is
  | 'truncated' // a checkpoint has more leaves than there are
  | 'forged' // a checkpoint is not signed by a key that may sign it
  | 'unlinked' // a checkpoint does not follow the one before it
  | 'lost' // a checkpoint of --against is no longer stored
  | 'pruned' // an entry of retention names what it could not have taken
  | 'stray' // a row, leaf or pending row that never came there through the server
  | 'disclosure' // what is stored about a reader is not what its newest entry says
  | 'number' // the next entry would have a number that is taken
  | 'setup'; // the audit does not have exactly one name and one table to fill

/** The first thing that is wrong. */
export interface AuditFault {
  readonly kind: AuditFaultKind;
  /** The position in the tree, or the size of the checkpoint; -1: a checkpoint of --against. */
  readonly position: number;
  readonly auditId?: string;
}
