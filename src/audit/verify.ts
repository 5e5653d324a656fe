/**
 * Verifies the audit from what the database has: every row against its leaf, every node, every
 * checkpoint against the tree and the parts of the organisations, retention, and what is stored
 * about readers. All hashes are computed here; none is taken from the database's own functions.
 */
import { createHash } from 'node:crypto';
import {
  readAuditRecords,
  type AuditRecord,
  type AuditRow,
  type LeafRecord,
  type NodeRecord,
  type PendingRecord,
} from '../store/audit/records.ts';
import type { Database } from '../store/postgres/database.ts';
import { entryOf, leafTextOf } from './entry.ts';
import { Frontier, leafHash } from './merkle.ts';
import { EMPTY_HEAD, joinHead, type Part } from './parts.ts';
import { CheckpointCheck, type AuditTrust } from './verify-checkpoints.ts';
import { DisclosureCheck } from './verify-disclosures.ts';
import type { AuditFault } from './verify-fault.ts';
import { endOf, RetentionCheck } from './verify-retention.ts';

export interface AuditVerdict {
  readonly ok: boolean;
  readonly fault?: AuditFault;
  readonly size: number;
  /** Leaves whose rows are stored. */
  readonly rows: number;
  /** Leaves whose rows retention dropped. */
  readonly pruned: number;
  readonly checkpoints: number;
  /** Leaves that no checkpoint covers yet. */
  readonly unsigned: number;
  /** Rows that are not leaves yet. */
  readonly pending: number;
  /** Of the tree, in base64. */
  readonly root: string;
}

/** Stops at the first fault. Reads one snapshot of the database, in chunks. */
export async function verifyAudit(db: Database, trust: AuditTrust): Promise<AuditVerdict> {
  const verification = new Verification(trust);
  await readAuditRecords(db, (line) => verification.take(JSON.parse(line) as AuditRecord));
  return verification.end();
}

type Fault = AuditFault | undefined;

class Verification {
  readonly #tree = new Frontier();
  readonly #checkpoints: CheckpointCheck;
  readonly #retention = new RetentionCheck();
  readonly #disclosures = new DisclosureCheck();
  readonly #parts = new Map<number, Part>();
  /** Nodes that the leaves make and that the database has not shown yet. */
  readonly #nodes = new Map<string, Buffer>();
  readonly #origins: string[] = [];
  #turns = 0;
  #next = 0;
  #lastId = 0;
  #rows = 0;
  #pending = 0;
  #fault: Fault;
  #started = false;

  constructor(trust: AuditTrust) {
    this.#checkpoints = new CheckpointCheck(trust);
    this.#fault = this.#checkpoints.openKept();
  }

  /** Takes the next record. Returns whether it wants more. */
  take(record: AuditRecord): boolean {
    this.#fault ??= this.#faultOf(record);
    return this.#fault === undefined;
  }

  #faultOf(record: AuditRecord): Fault {
    switch (record.type) {
      case 'origin':
        this.#origins.push(record.origin);
        return undefined;
      case 'turn':
        this.#turns += 1;
        return undefined;
      case 'number':
        this.#next = record.next;
        return undefined;
      case 'checkpoint':
        return this.#checkpoints.add(record, this.#origins[0] ?? '');
      case 'leaf':
        return this.#begin() ?? this.#leaf(record);
      case 'node':
        return this.#node(record);
      default:
        return this.#faultOutside(record);
    }
  }

  /** Of what is not in the tree. */
  #faultOutside(record: Exclude<AuditRecord, LeafRecord | NodeRecord>): Fault {
    const position = this.#tree.size;
    switch (record.type) {
      case 'pending':
        return this.#pendingRow(record);
      case 'stray':
        return { kind: 'stray', position, auditId: record.auditId };
      case 'disclosure': {
        const agrees = this.#disclosures.agrees(record, (month) => this.#retention.names(month));
        return agrees ? undefined : { kind: 'disclosure', position };
      }
      default:
        return undefined;
    }
  }

  /** What was signed of the tree without leaves. */
  #begin(): Fault {
    if (this.#started) return undefined;
    this.#started = true;
    return this.#reach();
  }

  #reach(): Fault {
    return this.#checkpoints.reach(
      this.#tree.size,
      () => this.#tree.root(),
      () => [...this.#parts.values()],
    );
  }

  #leaf(leaf: LeafRecord): Fault {
    const { position, auditId, row } = leaf;
    if (position !== this.#tree.size) return { kind: 'gap', position: this.#tree.size };
    const hash = leafHash(leafTextOf(leaf));
    if (hash.toString('hex') !== leaf.hash || !leaf.month.endsWith('-01')) {
      return { kind: 'altered', position, auditId };
    }
    this.#lastId = Math.max(this.#lastId, Number(auditId));
    const fault = this.#dated(leaf) ?? this.#part(leaf, hash) ?? (row && this.#row(row, leaf));
    if (fault) return fault;
    if (row !== null) this.#rows += 1;
    for (const node of this.#tree.add(hash)) {
      this.#nodes.set(`${node.level} ${node.place}`, node.hash);
    }
    this.#retention.leaf(leaf);
    return this.#reach();
  }

  #dated({ position, auditId, month, row }: LeafRecord): Fault {
    const [from, until] =
      row === null ? [month, new Date(endOf(month.slice(0, -3))).toISOString()] : [row.at, row.at];
    const isDated = this.#checkpoints.isDated(from, until);
    return isDated ? undefined : { kind: 'misdated', position, auditId };
  }

  #part({ organisationId, partCount, partHead, position, auditId }: LeafRecord, hash: Buffer) {
    const before = this.#parts.get(organisationId) ?? { count: 0, head: EMPTY_HEAD };
    const part = { organisationId, count: before.count + 1, head: joinHead(before.head, hash) };
    this.#parts.set(organisationId, part);
    const agrees = partCount === part.count && partHead === part.head.toString('hex');
    return agrees ? undefined : ({ kind: 'part', position, auditId } satisfies AuditFault);
  }

  #row(row: AuditRow, leaf: LeafRecord): Fault {
    const { position, auditId } = leaf;
    const entryHash = createHash('sha256').update(entryOf(row)).digest('hex');
    const agrees =
      entryHash === leaf.entryHash &&
      row.id === auditId &&
      (row.organisationId ?? 0) === leaf.organisationId &&
      row.at.startsWith(leaf.month.slice(0, -3));
    if (!agrees) return { kind: 'altered', position, auditId };
    this.#disclosures.row(row);
    if (row.action !== 'audit.prune') return undefined;
    return this.#retention.prune(row, position, (last, at) => this.#checkpoints.covered(last, at));
  }

  #node({ level, place, hash }: NodeRecord): Fault {
    const name = `${level} ${place}`;
    const made = this.#nodes.get(name);
    this.#nodes.delete(name);
    if (made?.toString('hex') === hash) return undefined;
    const isBeyond = level <= 52 && (place + 1) * 2 ** level > this.#tree.size;
    if (isBeyond) return { kind: 'truncated', position: this.#tree.size };
    return { kind: 'node', position: place * 2 ** level };
  }

  #pendingRow({ auditId, at, isLeaf, row }: PendingRecord): Fault {
    const position = this.#tree.size;
    this.#pending += 1;
    this.#lastId = Math.max(this.#lastId, Number(auditId));
    if (isLeaf) return { kind: 'stray', position, auditId };
    if (row === null) return { kind: 'removed', position, auditId };
    if (row.at !== at) return { kind: 'altered', position, auditId };
    this.#disclosures.row(row);
    return undefined;
  }

  end(): AuditVerdict {
    this.#fault ??= this.#begin() ?? this.#faultAtEnd();
    const { size } = this.#tree;
    return {
      ok: this.#fault === undefined,
      ...(this.#fault === undefined ? {} : { fault: this.#fault }),
      size,
      rows: this.#rows,
      pruned: size - this.#rows,
      checkpoints: this.#checkpoints.count,
      unsigned: size - this.#checkpoints.signed,
      pending: this.#pending,
      root: this.#tree.root().toString('base64'),
    };
  }

  #faultAtEnd(): Fault {
    const position = this.#tree.size;
    const fault = this.#retention.finish() ?? this.#checkpoints.finish(position);
    if (fault !== undefined) return fault;
    const [missing] = this.#nodes.keys();
    if (missing !== undefined) {
      const [level = 0, place = 0] = missing.split(' ').map(Number);
      return { kind: 'node', position: place * 2 ** level };
    }
    if (!this.#disclosures.isComplete()) return { kind: 'disclosure', position };
    if (this.#next <= this.#lastId) return { kind: 'number', position };
    return this.#origins.length === 1 && this.#turns === 1
      ? undefined
      : { kind: 'setup', position };
  }
}
