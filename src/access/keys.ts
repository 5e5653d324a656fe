/**
 * The text of a key: `tocsin_<id>_<secret><check>`. The id finds it, only an HMAC of the secret
 * (256 random bits) is kept, and the check (6 hex digits of SHA-256) lets a scanner for leaked
 * secrets, or a person who mistyped, know it without asking the server.
 */
import { createHash, randomBytes } from 'node:crypto';

export interface KeyText {
  readonly id: string;
  readonly secret: string;
}

const KEY_FORM = /^tocsin_([0-9a-f]{12})_([0-9a-f]{64})([0-9a-f]{6})$/;

/** A new key: its parts, and the text that is shown once. */
export function newKey(): KeyText & { readonly text: string } {
  const id = randomBytes(6).toString('hex');
  const secret = randomBytes(32).toString('hex');
  return { id, secret, text: `tocsin_${id}_${secret}${check(id, secret)}` };
}

/** The parts of a key's text, or undefined when it is not one. */
export function readKey(text: string): KeyText | undefined {
  const [, id, secret, sum] = KEY_FORM.exec(text) ?? [];
  if (id === undefined || secret === undefined || sum !== check(id, secret)) return undefined;
  return { id, secret };
}

function check(id: string, secret: string): string {
  return createHash('sha256').update(`${id}_${secret}`).digest('hex').slice(0, 6);
}
