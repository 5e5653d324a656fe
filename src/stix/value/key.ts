/** By what values are looked up. */
import { hash } from 'node:crypto';

const KEY_DIGITS = 32;

/**
 * The key of a normalised value: the first 16 bytes of SHA-256 of its kind, a zero byte and the value, in
 * hexadecimal. A short key for values of any length; nothing that is stored contains a zero byte.
 */
export function valueKey(kind: string, value: string): string {
  return hash('sha256', `${kind}\0${value}`, 'hex').slice(0, KEY_DIGITS);
}
