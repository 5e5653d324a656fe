/** JSON Canonicalization Scheme, RFC 8785, and the hash by which equal contents are known. */
import { hash } from 'node:crypto';

/**
 * Writes a JSON value in its one canonical form: keys by UTF-16 code units, no blanks, numbers as
 * ECMAScript writes them. The value must come from JSON (see `parseJson`).
 */
export function canonicalJson(value: unknown): string {
  const ordered = inOrder(value);
  return ordered === UNORDERABLE ? pieceByPiece(value) : (JSON.stringify(ordered) ?? 'null');
}

const UNORDERABLE = Symbol('an object that cannot hold its keys in this order');

/** A copy whose objects hold their keys in order, since JSON.stringify is several times quicker than we. */
function inOrder(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    // Most lists are of texts.
    if (!value.some((item) => typeof item === 'object')) return value;
    const list = value.map(inOrder);
    return list.includes(UNORDERABLE) ? UNORDERABLE : list;
  }
  const members = value as Readonly<Record<string, unknown>>;
  const ordered: Record<string, unknown> = {};
  for (const key of Object.keys(members).toSorted()) {
    if (isUnorderable(key)) return UNORDERABLE;
    const member = inOrder(members[key]);
    if (member === UNORDERABLE) return UNORDERABLE;
    ordered[key] = member;
  }
  return ordered;
}

/** Objects hold keys that are numbers in front of all others, and this other key not at all. */
function isUnorderable(key: string): boolean {
  const first = key.charCodeAt(0);
  return (first >= 48 && first <= 57) || key === '__proto__';
}

function pieceByPiece(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(pieceByPiece).join(',')}]`;
  const members = value as Readonly<Record<string, unknown>>;
  const texts = Object.keys(members)
    .toSorted()
    .filter((key) => members[key] !== undefined)
    .map((key) => `${JSON.stringify(key)}:${pieceByPiece(members[key])}`);
  return `{${texts.join(',')}}`;
}

/** SHA-256 of the canonical form, 64 hexadecimal digits. */
export function contentHash(value: unknown): string {
  return hash('sha256', canonicalJson(value), 'hex');
}
