import { Problem } from '../errors.ts';
import { seal, unseal, type Keyring } from '../keyring.ts';

/**
 * The signing secrets of a subscription, as they are kept: encrypted, bound to the subscription,
 * the newest first; one that is being replaced stays valid until `until` (ms since 1970).
 */
export interface SigningSecret {
  readonly secret: string;
  readonly until?: number;
}

export function sealSecrets(
  keyring: Keyring,
  subscriptionId: string,
  secrets: readonly SigningSecret[],
): Buffer {
  return seal(keyring, 'stored-secret', Buffer.from(JSON.stringify(secrets)), subscriptionId);
}

/** All that may sign at once: with each, every POST grows by one signature. */
const SECRETS_MAX = 5;

/**
 * The secrets with a new one before them. The one that it replaces signs until `until`, those that
 * were replaced earlier until their own end; where nothing may outlive the rotation, all end.
 * Beyond SECRETS_MAX the oldest goes.
 */
export function withNewSecret(
  secrets: readonly SigningSecret[],
  secret: string,
  { nowMs, until }: { readonly nowMs: number; readonly until: number },
): SigningSecret[] {
  if (until <= nowMs) return [{ secret }];
  const older = secrets.map((one) => ({ secret: one.secret, until: one.until ?? until }));
  return [{ secret }, ...older].slice(0, SECRETS_MAX);
}

/** The secrets valid at `nowMs`. Throws Problem subscription_unreadable when the master secret they were kept under is gone. */
export function openSecrets(
  keyring: Keyring,
  subscriptionId: string,
  sealed: Uint8Array,
  nowMs: number,
): string[] {
  const valid = validSecrets(keyring, subscriptionId, sealed, nowMs);
  if (valid !== undefined) return valid.map(({ secret }) => secret);
  const detail = 'Create a new signing secret with `rotate-secret`, and set `state` to `active`';
  throw new Problem('subscription_unreadable', detail);
}

/** The same, each with its end; undefined when the master secret is gone. */
export function validSecrets(
  keyring: Keyring,
  subscriptionId: string,
  sealed: Uint8Array,
  nowMs: number,
): SigningSecret[] | undefined {
  const secrets = unsealSecrets(keyring, subscriptionId, sealed);
  return secrets && secretsAt(secrets, nowMs);
}

/** All of them, whether valid or not; undefined when the master secret is gone. */
export function unsealSecrets(
  keyring: Keyring,
  subscriptionId: string,
  sealed: Uint8Array,
): SigningSecret[] | undefined {
  const plain = unseal(keyring, 'stored-secret', Buffer.from(sealed), subscriptionId);
  return plain && JSON.parse(plain.toString('utf8'));
}

/** Those that are valid at `nowMs`. */
export function secretsAt(secrets: readonly SigningSecret[], nowMs: number): SigningSecret[] {
  return secrets.filter(({ until }) => until === undefined || until > nowMs);
}
