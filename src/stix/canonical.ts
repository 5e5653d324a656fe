/** JSON Canonicalization Scheme, RFC 8785, and the hash by which equal contents are known. */
import { hash } from 'node:crypto';

/**
 * Writes a JSON value in its one canonical form: keys by UTF-16 code units, no blanks, numbers as
 * ECMAScript writes them. The value must come from JSON (see `parseJson`).
 */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'object' && value !== null) {
    return Array.isArray(value) ? canonicalList(value) : canonicalObject(value);
  }
  return JSON.stringify(value) ?? 'null';
}

function canonicalList(list: readonly unknown[]): string {
  let text = '[';
  for (let index = 0; index < list.length; index += 1) {
    if (index > 0) text += ',';
    text += canonicalJson(list[index]);
  }
  return `${text}]`;
}

function canonicalObject(object: object): string {
  const members = object as Record<string, unknown>;
  let text = '{';
  for (const key of Object.keys(members).toSorted()) {
    const value = members[key];
    if (value === undefined) continue;
    if (text.length > 1) text += ',';
    text += `${JSON.stringify(key)}:${canonicalJson(value)}`;
  }
  return `${text}}`;
}

/** SHA-256 of the canonical form, 64 hexadecimal digits. */
export function contentHash(value: unknown): string {
  return hash('sha256', canonicalJson(value), 'hex');
}
