/**
 * Verifies the audit from what the database has: every row against its leaf, every node, every
 * checkpoint against the tree. All hashes are computed here, none is taken from the database's own
 * functions.
 */
import { createHash, type Hash } from 'node:crypto';
import {
  findRemains,
  listLeaves,
  listNodes,
  listPruned,
  type AuditLeaf,
  type AuditRow,
  type PrunedMonth,
} from '../store/audit-rows.ts';
import { listCheckpoints } from '../store/audit-tree.ts';
import type { Database } from '../store/database.ts';
import { Frontier, leafHash, type TreeNode } from './merkle.ts';
import { openCheckpoint, type Checkpoint, type Verifier } from './note.ts';

export type AuditFaultKind =
  | 'altered' // the row says something else than its leaf
  | 'removed' // the row is gone, and retention did not take it
  | 'gap' // a leaf is gone
  | 'node' // a kept node is not what the leaves make
  | 'tree' // a checkpoint says another root
  | 'truncated' // a checkpoint has more leaves than there are
  | 'forged' // a checkpoint is not signed by a key of this audit
  | 'pruned' // what retention says it took is not what is gone
  | 'stray'; // a row was put there past the chain

/** The first thing that is wrong. */
export interface AuditFault {
  readonly kind: AuditFaultKind;
  /** The place in the tree, or the size of the checkpoint; -1: a checkpoint kept elsewhere. */
  readonly position: number;
  readonly auditId?: string;
}

export interface AuditVerdict {
  readonly ok: boolean;
  readonly fault?: AuditFault;
  readonly size: number;
  /** Leaves whose rows are kept. */
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

export interface AuditTrust {
  readonly verifiers: readonly Verifier[];
  /** Checkpoints kept elsewhere, which the tree must go on from. */
  readonly kept: readonly string[];
}

const CHUNK = 5000;

/** The bytes whose hash is a row's leaf; docs/audit.md states them. */
function entryOf(row: AuditRow): string {
  const lines = [
    'tocsin audit 1',
    row.id,
    row.at,
    row.organisationId ?? '-',
    row.realmId ?? '-',
    JSON.stringify(row.actor),
    JSON.stringify(row.action),
    row.requestId === null ? '-' : JSON.stringify(row.requestId),
    createHash('sha256')
      .update(`${row.addressSalt}\n${row.address ?? '-'}`)
      .digest('hex'),
    row.detail,
    row.nonce,
  ];
  return `${lines.join('\n')}\n`;
}

/** Stops at the first fault. Reads in chunks; what is appended meanwhile is not looked at. */
export async function verifyAudit(db: Database, trust: AuditTrust): Promise<AuditVerdict> {
  return new Verification(db, trust, await listPruned(db)).run();
}

class Verification {
  readonly #db: Database;
  readonly #trust: AuditTrust;
  readonly #tree = new Frontier();
  /** What retention says it dropped, with what is found gone. */
  readonly #months: Map<string, { said: PrunedMonth; gone: number; digest: Hash }>;
  /** Checkpoints that the tree has not reached yet, by size. */
  #ahead: { size: number; root: Buffer }[] = [];
  #rows = 0;
  #checkpoints = 0;
  #signed = 0;

  constructor(db: Database, trust: AuditTrust, pruned: readonly PrunedMonth[]) {
    this.#db = db;
    this.#trust = trust;
    this.#months = new Map(
      pruned.map((said) => [said.month, { said, gone: 0, digest: createHash('sha256') }]),
    );
  }

  async run(): Promise<AuditVerdict> {
    const fault =
      (await this.#openCheckpoints()) ?? (await this.#readLeaves()) ?? this.#reachedAll();
    if (fault !== undefined) return this.#verdict(0, fault);
    const remains = await findRemains(this.#db);
    return this.#verdict(remains.pending, this.#faultOf(remains));
  }

  /** Takes the checkpoints first, so that each is a part of what is read after it. */
  async #openCheckpoints(): Promise<AuditFault | undefined> {
    for (const note of this.#trust.kept) {
      const checkpoint = openCheckpoint(note, this.#trust.verifiers);
      if (checkpoint === undefined) return { kind: 'forged', position: -1 };
      this.#ahead.push(checkpoint);
    }
    for (let after = -1; ;) {
      const stored = await listCheckpoints(this.#db, after, CHUNK);
      for (const { size, note } of stored) {
        const checkpoint = this.#open(note, size);
        if (checkpoint === undefined) return { kind: 'forged', position: size };
        this.#ahead.push(checkpoint);
      }
      after = stored.at(-1)?.size ?? after;
      if (stored.length < CHUNK) break;
    }
    this.#ahead.sort((a, b) => a.size - b.size);
    return this.#compareRoots();
  }

  #open(note: string, size: number): Checkpoint | undefined {
    const checkpoint = openCheckpoint(note, this.#trust.verifiers);
    return checkpoint?.size === size ? checkpoint : undefined;
  }

  async #readLeaves(): Promise<AuditFault | undefined> {
    for (;;) {
      const from = this.#tree.size;
      const leaves = await listLeaves(this.#db, from, CHUNK);
      const whole: TreeNode[] = [];
      for (const leaf of leaves) {
        const fault = this.#checkLeaf(leaf);
        if (fault !== undefined) return fault;
        whole.push(...this.#tree.add(Buffer.from(leaf.hash)));
        const contradiction = this.#compareRoots();
        if (contradiction !== undefined) return contradiction;
      }
      const fault = await this.#checkNodes(from, whole);
      if (fault !== undefined || leaves.length < CHUNK) return fault;
    }
  }

  #checkLeaf({ position, auditId, month, hash, row }: AuditLeaf): AuditFault | undefined {
    if (position !== this.#tree.size) return { kind: 'gap', position: this.#tree.size };
    if (row !== null) {
      this.#rows += 1;
      const matches = leafHash(entryOf(row)).equals(hash) && row.at.startsWith(month);
      return matches ? undefined : { kind: 'altered', position, auditId };
    }
    const pruned = this.#months.get(month);
    if (pruned === undefined) return { kind: 'removed', position, auditId };
    pruned.gone += 1;
    pruned.digest.update(hash);
    return undefined;
  }

  #compareRoots(): AuditFault | undefined {
    for (let next = this.#ahead[0]; next?.size === this.#tree.size; next = this.#ahead[0]) {
      if (!next.root.equals(this.#tree.root())) return { kind: 'tree', position: next.size };
      this.#ahead.shift();
      this.#checkpoints += 1;
      this.#signed = next.size;
    }
    return undefined;
  }

  async #checkNodes(from: number, whole: readonly TreeNode[]): Promise<AuditFault | undefined> {
    const nodes = await listNodes(this.#db, from, this.#tree.size);
    const kept = new Map(nodes.map(({ level, place, hash }) => [`${level} ${place}`, hash]));
    const wrong = whole.find(({ level, place, hash }) => {
      const other = kept.get(`${level} ${place}`);
      return other === undefined || !hash.equals(other);
    });
    return wrong && { kind: 'node', position: wrong.place * 2 ** wrong.level };
  }

  /** Whether every checkpoint was reached, and what retention says is what is gone. */
  #reachedAll(): AuditFault | undefined {
    const [beyond] = this.#ahead;
    if (beyond !== undefined) return { kind: 'truncated', position: beyond.size };
    for (const { said, gone, digest } of this.#months.values()) {
      if (gone !== said.rows || digest.digest('hex') !== said.digest) {
        return { kind: 'pruned', position: gone };
      }
    }
    return undefined;
  }

  #faultOf(remains: Awaited<ReturnType<typeof findRemains>>): AuditFault | undefined {
    const position = this.#tree.size;
    if (remains.overhang) return { kind: 'truncated', position };
    if (remains.stray !== null) return { kind: 'stray', position, auditId: remains.stray };
    if (remains.lost !== null) return { kind: 'removed', position, auditId: remains.lost };
    return undefined;
  }

  #verdict(pending: number, fault: AuditFault | undefined): AuditVerdict {
    const { size } = this.#tree;
    return {
      ok: fault === undefined,
      ...(fault === undefined ? {} : { fault }),
      size,
      rows: this.#rows,
      pruned: size - this.#rows,
      checkpoints: this.#checkpoints,
      unsigned: size - this.#signed,
      pending,
      root: this.#tree.root().toString('base64'),
    };
  }
}
