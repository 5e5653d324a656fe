/** A row of the log, as a reader of it gets it. */
import type { StoredObject } from './served.ts';

export interface LogRow {
  readonly seq: number;
  readonly kind: 'put' | 'withdraw';
  readonly stixId: string;
  /** The object's JSON; null for a withdrawal. */
  readonly content: string | null;
  /** When it came into the log, in microseconds since 1970; no two rows have the same. */
  readonly addedMicros: number;
  /** The effective TLP rank of what it puts; null for a withdrawal. */
  readonly tlp: number | null;
  /** Where the references of `object_marking_refs` begin in the content; null where it has none. */
  readonly referencesAt: number | null;
  /** The slug of the sharer; none if the reader may not know it. */
  readonly sharers: readonly string[];
}

/** A row that puts an object. */
export type PutRow = LogRow & StoredObject;

/** Whether a row puts an object that is still there; a withdrawal does not. */
export function isPut(row: LogRow): row is PutRow {
  return row.content !== null && row.tlp !== null;
}
