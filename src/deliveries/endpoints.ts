import { Problem } from '../errors.ts';
import type { Keyring } from '../keyring.ts';
import { openUrl } from './endpoint-url.ts';
import { secretsAt, unsealSecrets, type SigningSecret } from './secrets.ts';

/** Where a subscription's deliveries go, and what signs them. */
export interface Endpoint {
  readonly url: string;
  /** One secret, or during a rotation all that are valid, the newest first. */
  readonly secrets: readonly string[];
}

/** An endpoint as it is stored: encrypted. */
export interface SealedEndpoint {
  readonly url: Uint8Array;
  readonly secret: Uint8Array;
}

/** Opens endpoints. */
export interface Endpoints {
  /** Undefined when the master secret under which it was stored is gone: its owner has to set it again. */
  open(subscriptionId: string, sealed: SealedEndpoint, nowMs: number): Endpoint | undefined;
}

interface Opened {
  readonly sealed: SealedEndpoint;
  readonly url: string;
  readonly secrets: readonly SigningSecret[];
}

/** So many subscriptions are remembered. */
const REMEMBERED_MAX = 10_000;

/**
 * Opens each endpoint once, as long as it is stored in the very same bytes: what is remembered is never older than
 * the order that it is asked for with. Which of the secrets are valid is decided each time.
 */
export function rememberEndpoints(keyring: Keyring): Endpoints {
  const remembered = new Map<string, Opened>();
  return {
    open: (subscriptionId, sealed, nowMs) => {
      let opened = remembered.get(subscriptionId);
      if (opened === undefined || !isSame(opened.sealed, sealed)) {
        opened = openOnce(keyring, subscriptionId, sealed);
        if (opened === undefined) return undefined;
        const [oldest] = remembered.keys();
        if (remembered.size >= REMEMBERED_MAX && oldest !== undefined) remembered.delete(oldest);
        remembered.set(subscriptionId, opened);
      }
      const { url, secrets } = opened;
      return { url, secrets: secretsAt(secrets, nowMs).map(({ secret }) => secret) };
    },
  };
}

function isSame(one: SealedEndpoint, other: SealedEndpoint): boolean {
  return Buffer.compare(one.url, other.url) === 0 && Buffer.compare(one.secret, other.secret) === 0;
}

function openOnce(keyring: Keyring, id: string, sealed: SealedEndpoint): Opened | undefined {
  const secrets = unsealSecrets(keyring, id, sealed.secret);
  if (secrets === undefined) return undefined;
  try {
    return { sealed, secrets, url: openUrl(keyring, id, sealed.url) };
  } catch (error) {
    if (error instanceof Problem && error.code === 'subscription_unreadable') return undefined;
    throw error;
  }
}
