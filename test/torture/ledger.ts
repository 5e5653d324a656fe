/** What was posted and what came of it, and what arrived where. Times are of performance.now(). */

/** A version as it was posted. */
export interface Posted {
  readonly key: string;
  readonly stixId: string;
  readonly modified: string;
  readonly sharer: string;
  /** Members whose audiences and ceilings cover it. */
  readonly reach: ReadonlySet<string>;
  /** TLP rank of its marking. */
  readonly rank: number;
  /** The request that it was first part of. */
  readonly request: number;
  /**
   * `accepted`: answered created, updated or, tried again, unchanged; `unknown`: never answered;
   * `refused`: answered that it was not taken, or only asked about.
   */
  fate: 'accepted' | 'unknown' | 'refused';
  /** When its fate was answered. */
  answeredMs: number | undefined;
}

export type Seen =
  | { readonly kind: 'put'; readonly stixId: string; readonly key: string }
  | { readonly kind: 'withdraw'; readonly stixId: string };

/** What reached a reader at once: a webhook, a page, an event. */
export interface Batch {
  readonly reader: string;
  /** The webhook-id; '' where a reader asked for it itself. */
  readonly id: string;
  /** When it was asked for, or began to arrive. */
  readonly beganMs: number;
  /** Whether the reader took it: answered 2xx, or went on to the cursor after it. */
  readonly taken: boolean;
  readonly seen: readonly Seen[];
}

export interface Reader {
  readonly name: string;
  readonly organisation: string;
  readonly door: 'webhook' | 'changes' | 'stream';
  /** STIX types that it wants; all where undefined. */
  readonly types?: readonly string[] | undefined;
  /** How long the door may hold what it read before it arrives, at most. */
  readonly holdMs: number;
}

export interface Ledger {
  readonly posted: Map<string, Posted>;
  readonly readers: Map<string, Reader>;
  readonly batches: Batch[];
  /** While a process of the server stood still, it may have held what it had read. */
  readonly pauses: { readonly fromMs: number; toMs: number }[];
  /** Requests of which a part was done: said by an answer, each with why. */
  readonly halfDone: string[];
}

export function createLedger(): Ledger {
  return { posted: new Map(), readers: new Map(), batches: [], pauses: [], halfDone: [] };
}

/** Tells a version from every other, content included: each is given a name of its own. */
export function keyOf(object: { id?: unknown; modified?: unknown; name?: unknown }): string {
  return `${String(object.id)} ${String(object.modified)} ${String(object.name)}`;
}

/** What an object that arrived is in the ledger's words. */
export function put(object: { id?: unknown; modified?: unknown; name?: unknown }): Seen {
  return { kind: 'put', stixId: String(object.id), key: keyOf(object) };
}

export function withdrawal(stixId: string): Seen {
  return { kind: 'withdraw', stixId };
}
