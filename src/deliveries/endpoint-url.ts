/**
 * The URL of a subscription's endpoint. Its path and query often carry a token, so it is stored
 * encrypted, bound to the subscription, and shown masked: to its owner, too, who knows it.
 */
import { Problem } from '../errors.ts';
import { seal, unseal, type Keyring } from '../keyring.ts';

const PURPOSE = 'stored-secret';
const MASK = '/…';
const THEN = 'then create a new signing secret with `rotate-secret`, and set `state` to `active`';

/** A URL as it is stored. */
export function sealUrl(keyring: Keyring, subscriptionId: string, url: string): Buffer {
  return seal(keyring, PURPOSE, Buffer.from(url), contextOf(subscriptionId));
}

/** Throws Problem subscription_unreadable when the master secret under which it was stored is gone. */
export function openUrl(keyring: Keyring, subscriptionId: string, sealed: Uint8Array): string {
  const plain = unseal(keyring, PURPOSE, Buffer.from(sealed), contextOf(subscriptionId));
  if (plain !== undefined) return plain.toString('utf8');
  throw new Problem('subscription_unreadable', `Set \`url\` again with PATCH; ${THEN}`);
}

/** Scheme, host and port of a stored URL; null when the master secret is gone. */
export function shownUrl(
  keyring: Keyring,
  subscriptionId: string,
  sealed: Uint8Array,
): string | null {
  const plain = unseal(keyring, PURPOSE, Buffer.from(sealed), contextOf(subscriptionId));
  return plain === undefined ? null : maskedUrl(plain.toString('utf8'));
}

/** A URL without what stands behind its host. */
export function maskedUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null) return MASK;
  const isBare = url.pathname === '/' && url.search === '' && url.hash === '';
  return `${url.protocol}//${url.host}${isBare ? '/' : MASK}`;
}

/** Whether this is what maskedUrl returns, which a client may send back by mistake. */
export function isMaskedUrl(text: string): boolean {
  return text.endsWith(MASK) || text.toLowerCase().endsWith(encodeURI(MASK).toLowerCase());
}

/** Apart from the signing secrets of the same subscription. */
function contextOf(subscriptionId: string): string {
  return `url ${subscriptionId}`;
}
