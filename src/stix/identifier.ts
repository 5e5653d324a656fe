/** Identifiers: STIX 2.1 section 2.9, `object-type--UUID` with a UUID of RFC 4122. */

export interface Identifier {
  readonly type: string;
  readonly uuid: string;
  /** The UUID's version: 4 is random, 5 made from a name. */
  readonly uuidVersion: number;
}

const TYPE_NAME = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;
const IDENTIFIER =
  /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*--[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[1-8][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}$/;
const UUID_LENGTH = 36;
const TYPE_LENGTH_MIN = 3;
const TYPE_LENGTH_MAX = 250;
const IDENTIFIER_LENGTH_MAX = TYPE_LENGTH_MAX + 2 + UUID_LENGTH;

/** Section 3.1 and 7.3.2.2: lower case, words joined by single hyphens, 3 to 250 characters. */
export function isTypeName(text: string): boolean {
  return text.length >= TYPE_LENGTH_MIN && text.length <= TYPE_LENGTH_MAX && TYPE_NAME.test(text);
}

/**
 * True when the text is an identifier. Upper-case hexadecimal digits are read (RFC 4122 section 3);
 * the variant must be that of RFC 4122, the version 1 to 8 (RFC 9562, its successor).
 */
export function isIdentifier(text: string): boolean {
  return text.length <= IDENTIFIER_LENGTH_MAX && IDENTIFIER.test(text);
}

/** The parts of an identifier, or undefined when the text is none. */
export function readIdentifier(text: string): Identifier | undefined {
  if (!isIdentifier(text)) return undefined;
  const uuid = text.slice(-UUID_LENGTH);
  return { type: typeOfIdentifier(text), uuid, uuidVersion: Number(uuid[14]) };
}

/** The object type that an identifier names. */
export function typeOfIdentifier(identifier: string): string {
  return identifier.slice(0, -UUID_LENGTH - 2);
}

/**
 * True for an identifier of this very type with a UUID of RFC 4122 in lower case: the form that
 * needs no closer look.
 */
export function isIdentifierOf(type: string, value: unknown): boolean {
  if (typeof value !== 'string' || value.length !== type.length + 2 + UUID_LENGTH) return false;
  if (!value.startsWith(type)) return false;
  UUID_AT_END.lastIndex = type.length;
  return UUID_AT_END.test(value);
}

const UUID_AT_END = /--[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/y;
