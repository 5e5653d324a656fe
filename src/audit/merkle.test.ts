import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  consistencyPath,
  fold,
  Frontier,
  inclusionPath,
  leafHash,
  nodesOf,
  type Range,
} from './merkle.ts';

function sha256(...parts: (string | Buffer)[]): Buffer {
  return parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
}

/** RFC 6962 §2.1 word for word, in hashes over the leaves themselves. */
function treeHash(leaves: readonly Buffer[]): Buffer {
  const [only] = leaves;
  if (only === undefined) return sha256('');
  if (leaves.length === 1) return only;
  const k = 2 ** Math.ceil(Math.log2(leaves.length) - 1);
  return sha256('\x01', treeHash(leaves.slice(0, k)), treeHash(leaves.slice(k)));
}

/** RFC 9162 §2.1.3.2: the root that an inclusion proof leads to. */
function rootByInclusion(index: number, size: number, leaf: Buffer, path: Buffer[]): Buffer {
  let [fn, sn, root] = [index, size - 1, leaf];
  for (const hash of path) {
    expect(sn).toBeGreaterThan(0);
    if (fn % 2 === 1 || fn === sn) {
      root = sha256('\x01', hash, root);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn >> 1, sn >> 1];
    } else root = sha256('\x01', root, hash);
    [fn, sn] = [fn >> 1, sn >> 1];
  }
  expect(sn).toBe(0);
  return root;
}

/** RFC 9162 §2.1.4.2: both roots that a consistency proof leads to. */
function rootsByConsistency(older: number, newer: number, given: Buffer[], root: Buffer): Buffer[] {
  const path = Number.isInteger(Math.log2(older)) ? [root, ...given] : given;
  let [fn, sn] = [older - 1, newer - 1];
  while (fn % 2 === 1) [fn, sn] = [fn >> 1, sn >> 1];
  const [first = root, ...others] = path;
  let [fr, sr] = [first, first];
  for (const hash of others) {
    expect(sn).toBeGreaterThan(0);
    if (fn % 2 === 1 || fn === sn) {
      [fr, sr] = [sha256('\x01', hash, fr), sha256('\x01', hash, sr)];
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn >> 1, sn >> 1];
    } else sr = sha256('\x01', sr, hash);
    [fn, sn] = [fn >> 1, sn >> 1];
  }
  expect(sn).toBe(0);
  return [fr, sr];
}

function leavesOf(size: number): Buffer[] {
  return Array.from({ length: size }, (_, i) => leafHash(`leaf ${i}`));
}

/** The hash of a range through whole nodes alone, as the database keeps them. */
function hashOf(leaves: readonly Buffer[], range: Range): Buffer {
  const nodes = nodesOf(range).map(({ level, place }) =>
    treeHash(leaves.slice(place * 2 ** level, (place + 1) * 2 ** level)),
  );
  return fold(nodes);
}

describe('the Merkle tree', () => {
  it('hashes as RFC 6962 §2.1 says, by hand', () => {
    const [a, b, c] = ['', '\0', '\x10'].map((entry) => sha256('\0', entry)) as [
      Buffer,
      Buffer,
      Buffer,
    ];
    expect(['', '\0', '\x10'].map((entry) => leafHash(entry))).toEqual([a, b, c]);
    const tree = new Frontier();
    expect(tree.root().toString('hex')).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
    tree.add(a);
    // SHA-256 of one zero byte.
    expect(tree.root().toString('hex')).toBe(
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    );
    expect(tree.add(b)).toEqual([{ level: 1, place: 0, hash: sha256('\x01', a, b) }]);
    expect(tree.add(c)).toEqual([]);
    expect(tree.root()).toEqual(sha256('\x01', sha256('\x01', a, b), c));
  });

  it('proves by the paths of the examples of RFC 6962 §2.1.3', () => {
    const spans = (path: Range[]) => path.map(({ start, end }) => [start, end]);
    expect(spans(inclusionPath(0, 7))).toEqual([
      [1, 2],
      [2, 4],
      [4, 7],
    ]);
    expect(spans(inclusionPath(6, 7))).toEqual([
      [4, 6],
      [0, 4],
    ]);
    expect(spans(consistencyPath(3, 7))).toEqual([
      [2, 3],
      [3, 4],
      [0, 2],
      [4, 7],
    ]);
    expect(spans(consistencyPath(4, 7))).toEqual([[4, 7]]);
    expect(spans(consistencyPath(6, 7))).toEqual([
      [4, 6],
      [6, 7],
      [0, 4],
    ]);
    expect(consistencyPath(7, 7)).toEqual([]);
    expect(consistencyPath(0, 7)).toEqual([]);
  });

  it('has the roots and whole nodes of the naive tree', () => {
    const leaves = leavesOf(150);
    const tree = new Frontier();
    for (const [i, leaf] of leaves.entries()) {
      expect(tree.size).toBe(i);
      for (const { level, place, hash } of tree.add(leaf)) {
        expect(hash).toEqual(treeHash(leaves.slice(place * 2 ** level, (place + 1) * 2 ** level)));
      }
      expect(tree.root()).toEqual(treeHash(leaves.slice(0, i + 1)));
      expect(hashOf(leaves, { start: 0, end: i + 1 })).toEqual(tree.root());
    }
  });

  it('gives proofs that RFC 9162 accepts, whatever the sizes', () => {
    const leaves = leavesOf(300);
    const sizes = fc.tuple(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 300 }));
    fc.assert(
      fc.property(sizes, ([x, y]) => {
        const [older, newer] = [Math.min(x, y), Math.max(x, y)];
        const root = treeHash(leaves.slice(0, newer));
        const position = older - 1;
        const inclusion = inclusionPath(position, newer).map((range) => hashOf(leaves, range));
        const leaf = leaves[position] ?? Buffer.alloc(0);
        expect(rootByInclusion(position, newer, leaf, inclusion)).toEqual(root);
        if (older === newer) return;
        const before = treeHash(leaves.slice(0, older));
        const path = consistencyPath(older, newer).map((range) => hashOf(leaves, range));
        expect(rootsByConsistency(older, newer, path, before)).toEqual([before, root]);
      }),
      { numRuns: 200 },
    );
  });

  it('needs few hashes in a very large tree', () => {
    const size = 2 ** 52 + 12345;
    expect(inclusionPath(2 ** 51 + 7, size).length).toBeLessThanOrEqual(53);
    expect(consistencyPath(2 ** 51 + 7, size).length).toBeLessThanOrEqual(54);
    expect(nodesOf({ start: 0, end: size })[0]).toEqual({ level: 52, place: 0 });
  });
});
