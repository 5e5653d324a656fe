/**
 * The Merkle tree of RFC 6962 §2.1 (SHA-256), pure: which hashes make up a root or a proof, and
 * how hashes are joined. A node (level, place) covers the leaves from place·2^level on, 2^level of
 * them. Sizes and positions are whole numbers below 2^53.
 */
import { createHash } from 'node:crypto';

/** The leaves from `start` up to, and without, `end`. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

export interface Place {
  readonly level: number;
  readonly place: number;
}

export interface TreeNode extends Place {
  readonly hash: Buffer;
}

/** The root of the tree without leaves: the hash of nothing. */
const EMPTY = createHash('sha256').digest();

/** The hash of a leaf: SHA-256 of 0x00 and its bytes. */
export function leafHash(entry: string | Uint8Array): Buffer {
  return createHash('sha256').update('\0').update(entry).digest();
}

function joined(left: Uint8Array, right: Uint8Array): Buffer {
  return createHash('sha256').update('\x01').update(left).update(right).digest();
}

/**
 * The whole nodes that a range which arises in the tree is made of, the largest first; the hash of
 * the range is `fold` of theirs.
 */
export function nodesOf({ start, end }: Range): Place[] {
  const nodes: Place[] = [];
  for (let at = start; at < end;) {
    let level = 0;
    while (at % 2 ** (level + 1) === 0 && at + 2 ** (level + 1) <= end) level++;
    nodes.push({ level, place: at / 2 ** level });
    at += 2 ** level;
  }
  return nodes;
}

/** The hash over these nodes, given as `nodesOf` orders them. */
export function fold(hashes: readonly Buffer[]): Buffer {
  const [last, ...others] = hashes.toReversed();
  return others.reduce((right, left) => joined(left, right), last ?? EMPTY);
}

/**
 * What proves that the leaf at `position` is in the tree of `size` leaves, from the leaf upwards
 * (RFC 6962 §2.1.1). `position` must be below `size`.
 */
export function inclusionPath(position: number, size: number): Range[] {
  const path: Range[] = [];
  let range: Range = { start: 0, end: size };
  while (range.end - range.start > 1) {
    const middle = split(range);
    const [left, right] = [
      { ...range, end: middle },
      { ...range, start: middle },
    ];
    path.push(position < middle ? right : left);
    range = position < middle ? left : right;
  }
  return path.toReversed();
}

/**
 * What proves that the tree of `older` leaves is the beginning of the tree of `newer` ones
 * (RFC 6962 §2.1.2); nothing is needed from the empty tree or to the same. `older` is at most
 * `newer`.
 */
export function consistencyPath(older: number, newer: number): Range[] {
  if (older === 0) return [];
  const path: Range[] = [];
  let range: Range = { start: 0, end: newer };
  while (range.end !== older) {
    const middle = split(range);
    const [left, right] = [
      { ...range, end: middle },
      { ...range, start: middle },
    ];
    path.push(older <= middle ? right : left);
    range = older <= middle ? left : right;
  }
  // The verifier knows the root of the older tree, unless only a part of it is left here.
  if (range.start > 0) path.push(range);
  return path.toReversed();
}

/** Where a range is parted: after the largest power of two that is smaller than it. */
function split({ start, end }: Range): number {
  let size = 1;
  while (size * 2 < end - start) size *= 2;
  return start + size;
}

/** Builds the tree leaf by leaf, and holds no more than a node a level. */
export class Frontier {
  readonly #nodes: TreeNode[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Puts a leaf at the end. Returns the nodes above it that are whole now, the lowest first. */
  add(hash: Buffer): TreeNode[] {
    const whole: TreeNode[] = [];
    let node: TreeNode = { level: 0, place: this.#size++, hash };
    while (node.place % 2 === 1) {
      const left = this.#nodes.pop();
      if (left === undefined) throw new Error('The frontier has lost a node');
      node = {
        level: node.level + 1,
        place: (node.place - 1) / 2,
        hash: joined(left.hash, node.hash),
      };
      whole.push(node);
    }
    this.#nodes.push(node);
    return whole;
  }

  root(): Buffer {
    return fold(this.#nodes.map(({ hash }) => hash));
  }
}
