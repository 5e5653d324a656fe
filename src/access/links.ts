/** Texts that open something once: of links, and of refresh tokens. Only their SHA-256 is kept. */
import { createHash, randomBytes } from 'node:crypto';

/** 256 random bits, which need no slow hash. */
export function newToken(): { readonly text: string; readonly hash: Buffer } {
  const text = randomBytes(32).toString('base64url');
  return { text, hash: hashToken(text) };
}

export function hashToken(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
