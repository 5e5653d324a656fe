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

/** The secrets valid at `nowMs`. Throws when the master secret they were kept under is gone. */
export function openSecrets(
  keyring: Keyring,
  subscriptionId: string,
  sealed: Uint8Array,
  nowMs: number,
): string[] {
  const plain = unseal(keyring, 'stored-secret', Buffer.from(sealed), subscriptionId);
  if (plain === undefined) {
    throw new Error('A signing secret was kept under a master secret that is not here any more');
  }
  const secrets: SigningSecret[] = JSON.parse(plain.toString('utf8'));
  return secrets.filter(({ until }) => until === undefined || until > nowMs).map((s) => s.secret);
}
