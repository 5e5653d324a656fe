import type { CheckpointRecord } from '../store/audit/records.ts';
import { openCheckpoint, type OpenedCheckpoint, type Verifier } from './note.ts';
import { PartMap, type Part } from './parts.ts';
import type { AuditFault } from './verify-fault.ts';

/** What the verifier trusts. */
export interface AuditTrust {
  /** The public keys that may have signed, the current one first. */
  readonly verifiers: readonly Verifier[];
  /** Checkpoints stored elsewhere, which the audit must continue. */
  readonly kept: readonly string[];
}

interface StoredOne extends OpenedCheckpoint {
  readonly salt: Buffer;
}

/** How much earlier than the checkpoint before it a row may be dated: transactions last a while. */
const LATE_MS = 3_600_000;
/** How far the clock of the database may have been set back between a row and its checkpoint. */
const AHEAD_MS = 300_000;

/** Verifies the checkpoints against one another, and then against the tree as it grows. */
export class CheckpointCheck {
  readonly #trust: AuditTrust;
  readonly #stored: StoredOne[] = [];
  readonly #kept: OpenedCheckpoint[] = [];
  #reached = 0;

  constructor(trust: AuditTrust) {
    this.#trust = trust;
  }

  /** Of those that the tree has reached. */
  get count(): number {
    return this.#reached;
  }

  /** Leaves that are under a checkpoint. */
  get signed(): number {
    return this.#stored[this.#reached - 1]?.size ?? 0;
  }

  openKept(): AuditFault | undefined {
    for (const note of this.#trust.kept) {
      const opened = openCheckpoint(note, this.#trust.verifiers);
      if (opened === undefined) return { kind: 'forged', position: -1 };
      this.#kept.push(opened);
    }
    return undefined;
  }

  /** Takes the stored ones, by size. */
  add(record: CheckpointRecord, origin: string): AuditFault | undefined {
    const { size } = record;
    const opened = openCheckpoint(record.note, this.#trust.verifiers);
    if (opened?.size !== size || opened.origin !== origin || this.#isByOldKey(opened)) {
      return { kind: 'forged', position: size };
    }
    const agrees = opened.previous === record.previous && opened.signedAt === record.signedAt;
    if (!agrees || !this.#follows(opened)) return { kind: 'unlinked', position: size };
    this.#stored.push({ ...opened, salt: Buffer.from(record.salt, 'hex') });
    return undefined;
  }

  #follows({ previous, signedAt }: OpenedCheckpoint): boolean {
    const last = this.#stored.at(-1);
    return last === undefined
      ? previous === -1
      : previous === last.size && signedAt >= last.signedAt;
  }

  /** Once the current key has signed, an older key alone signs nothing any more. */
  #isByOldKey(opened: OpenedCheckpoint): boolean {
    const [current] = this.#trust.verifiers;
    const isBy = ({ signedBy }: OpenedCheckpoint): boolean =>
      signedBy.some((key) => key === current);
    const last = this.#stored.at(-1);
    return last !== undefined && isBy(last) && !isBy(opened);
  }

  /** Compares what was signed of the tree of this size with what there is. */
  reach(size: number, root: () => Buffer, parts: () => Part[]): AuditFault | undefined {
    for (const { size: at, root: said } of this.#kept) {
      if (at === size && !said.equals(root())) return { kind: 'tree', position: size };
    }
    const next = this.#stored[this.#reached];
    if (next?.size !== size) return undefined;
    if (!next.root.equals(root())) return { kind: 'tree', position: size };
    const map = new PartMap(parts(), next.salt);
    const agrees = map.slots === next.parts.slots && map.root().equals(next.parts.root);
    if (!agrees) return { kind: 'part', position: size };
    this.#reached += 1;
    return undefined;
  }

  /** Whether the next leaf can be of a row of this time, or of any time between the two. */
  isDated(from: string, until: string): boolean {
    // The leaves come in order, and so those reached are all that are before this one.
    const before = this.#stored[this.#reached - 1];
    const after = this.#stored[this.#reached];
    if (before !== undefined && Date.parse(until) < Date.parse(before.signedAt) - LATE_MS) {
      return false;
    }
    return after === undefined || Date.parse(from) <= Date.parse(after.signedAt) + AHEAD_MS;
  }

  /** Whether a checkpoint covered the leaf `last` before the leaf at `position` came. */
  covered(last: number, position: number): boolean {
    return this.#stored.some(({ size }) => size > last && size <= position);
  }

  /** What was signed and is not there, once all leaves have been read. */
  finish(size: number): AuditFault | undefined {
    const beyond = [...this.#stored.slice(this.#reached), ...this.#kept].find(
      (one) => one.size > size,
    );
    if (beyond !== undefined) return { kind: 'truncated', position: beyond.size };
    const texts = new Set(this.#stored.map(({ text }) => text));
    const lost = this.#kept.find(({ text }) => !texts.has(text));
    return lost && { kind: 'lost', position: lost.size };
  }
}
