/** Signed notes, Merkle trees and the texts that the audit hashes; docs/audit.md states them. */
import { createHash, createPublicKey, verify } from 'node:crypto';

export class NotIntact extends Error {}
export function must(holds, what) {
  if (!holds) throw new NotIntact(what);
}

export const sha256 = (...parts) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};
export const EMPTY = sha256();
export const leafHash = (text) => sha256('\0', text);
const node = (left, right) => sha256('\x01', left, right);
export const joinHead = (head, leaf) => sha256('\x02', head, leaf);
const textOf = (...lines) => `${lines.join('\n')}\n`;
export const hex = (text) => Buffer.from(text, 'hex');
export const fromBase64 = (text) => Buffer.from(text, 'base64');
const half = (value) => Math.floor(value / 2);

// --- Checkpoints: C2SP signed-note and tlog-checkpoint -------------------------------------------

const CHECKPOINT =
  /^(.+)\n(\d+)\n(\S{44})\nparts (\d+) (\S{44})\nsigned (\S{27})\nprevious (-1|\d+)\n(?:earlier \S{1,300}\n)?$/;

/** What a note says, with the vkeys that signed it. */
export function openNote(note, vkeys) {
  const end = note.indexOf('\n\n') + 1;
  const text = note.slice(0, end);
  const signatures = note.slice(end + 1).split('\n');
  must(end > 0 && signatures.pop() === '', 'a checkpoint is not a signed note');
  const by = vkeys.filter((vkey) => isSigned(text, signatures, vkey));
  must(by.length > 0, 'a checkpoint is not signed by a trusted key');
  const found = CHECKPOINT.exec(text);
  must(found !== null, 'a checkpoint is malformed');
  const [, origin, size, root, slots, parts, signedAt, previous] = found;
  must(
    by.every((vkey) => vkey.startsWith(`${origin}+`)),
    'a checkpoint is of another audit',
  );
  return {
    text,
    origin,
    by,
    signedAt,
    size: Number(size),
    root: fromBase64(root),
    slots: Number(slots),
    parts: fromBase64(parts),
    previous: Number(previous),
  };
}

const VKEY = /^(.+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})$/;

/** Whether a text is a public key of Ed25519 in the form of C2SP signed-note. */
export const isVkey = (text) => VKEY.test(text);

function isSigned(text, signatures, vkey) {
  const [, name, id, key] = VKEY.exec(vkey) ?? [];
  must(key !== undefined, `${vkey} is not a public key`);
  const spki = Buffer.concat([hex('302a300506032b6570032100'), fromBase64(key).subarray(1)]);
  const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  const own = signatures.filter((line) => line.startsWith(`— ${name} `));
  const claimed = own
    .map((line) => fromBase64(line.split(' ')[2] ?? ''))
    .filter((bytes) => bytes.subarray(0, 4).toString('hex') === id);
  const holds = (bytes) => verify(null, Buffer.from(text), publicKey, bytes.subarray(4));
  must(claimed.every(holds), 'a signature of a checkpoint is false');
  return claimed.length > 0;
}

// --- Merkle trees: RFC 6962 §2.1 -----------------------------------------------------------------

/** Grows leaf by leaf; calls `whole` with each node above the leaves as [level, place, hash]. */
export class Tree {
  constructor(whole = () => undefined) {
    [this.size, this.nodes, this.whole] = [0, [], whole];
  }
  add(leaf) {
    let [level, place, hash] = [0, this.size++, leaf];
    for (; place % 2 === 1; this.whole(level, place, hash)) {
      [level, place, hash] = [level + 1, half(place), node(this.nodes.pop(), hash)];
    }
    this.nodes.push(hash);
  }
  root() {
    return this.nodes.length === 0
      ? EMPTY
      : this.nodes.reduceRight((right, left) => node(left, right));
  }
}

/** RFC 9162 §2.1.3.2 */
export function isIncluded(position, size, root, leaf, path) {
  let [fn, sn, hash] = [position, size - 1, leaf];
  for (const other of path) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      hash = node(other, hash);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else hash = node(hash, other);
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && position < size && hash.equals(root);
}

/** RFC 9162 §2.1.4.2 */
export function continues(older, newer, path) {
  if (older.size === newer.size) return older.root.equals(newer.root);
  return older.size === 0 || leadsToBoth(older, newer, path);
}

function leadsToBoth(older, newer, path) {
  const hashes = Number.isInteger(Math.log2(older.size)) ? [older.root, ...path] : [...path];
  if (hashes.length === 0) return false;
  let [fn, sn] = [older.size - 1, newer.size - 1];
  while (fn % 2 === 1) [fn, sn] = [half(fn), half(sn)];
  let [fr, sr] = [hashes[0], hashes[0]];
  for (const other of hashes.slice(1)) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      [fr, sr] = [node(other, fr), node(other, sr)];
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [half(fn), half(sn)];
    } else sr = node(sr, other);
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0 && fr.equals(older.root) && sr.equals(newer.root);
}

// --- The texts that are hashed -------------------------------------------------------------------

export const leafText = ({ id, month, organisation, entryHash }) =>
  textOf('tocsin audit leaf 1', id, month, organisation, entryHash);
export const partText = (organisation, count, head, blind) =>
  textOf('tocsin audit part 1', organisation, count, head.toString('hex'), blind.toString('hex'));
export const entryText = (row) =>
  textOf(
    'tocsin audit 1',
    row.id,
    row.at,
    row.organisationId ?? '-',
    row.realmId ?? '-',
    JSON.stringify(row.actor),
    JSON.stringify(row.action),
    row.requestId === null ? '-' : JSON.stringify(row.requestId),
    sha256(`${row.addressSalt}\n${row.address ?? '-'}`).toString('hex'),
    row.detail,
    row.nonce,
  );
export const hashOf = (text) => sha256(text).toString('hex');
export const nextMonth = (month) => Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5, 7)));
