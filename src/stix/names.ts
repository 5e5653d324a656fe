/** In whose names an object speaks: STIX 2.1 sections 3.2 and 4.5. */

/**
 * The creator of a value, and of an identity, the identity itself, whatever creator it names. Whatever is
 * not a string is left to the check.
 */
export function namesOf(value: object): string[] {
  const { type, id, created_by_ref: creator } = value as Readonly<Record<string, unknown>>;
  const names = type === 'identity' ? [id, creator] : [creator];
  return names.filter((name) => typeof name === 'string');
}
