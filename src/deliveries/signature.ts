/**
 * Webhook signatures after Standard Webhooks 1.0.0: the symmetric scheme `v1`, HMAC-SHA256 over
 * `id.timestamp.body`, keyed by secrets of 24 to 64 bytes written as `whsec_` and base64.
 */
import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';

const SECRET_PREFIX = 'whsec_';
const SECRET_BYTES = 32;
const SECRET_BYTES_MIN = 24;
const SECRET_BYTES_MAX = 64;

export interface Signed {
  /** One secret, or during a rotation all that are valid, the newest first. */
  secret: string | readonly string[];
  /** The `webhook-id`: the same for every attempt at the same delivery. It holds no full stop. */
  id: string;
  /** The `webhook-timestamp`: when this attempt is made, in whole seconds since 1970. */
  timestampSeconds: number;
  /** The very bytes that are sent; in parts where they are sent in parts. */
  body: string | Buffer | readonly Buffer[];
}

/**
 * The value of `webhook-signature`: `v1,<base64>`, one for each secret, separated by spaces.
 *
 * @throws RangeError on a secret, id or timestamp that the specification does not allow
 */
export function sign({ secret, id, timestampSeconds, body }: Signed): string {
  // With a full stop in it, the id could take over the beginning of the timestamp.
  if (id === '' || id.includes('.')) throw new RangeError('a webhook id has no full stop');
  if (!Number.isSafeInteger(timestampSeconds) || timestampSeconds < 0) {
    throw new RangeError('a webhook timestamp is in whole seconds');
  }
  const secrets = typeof secret === 'string' ? [secret] : secret;
  if (secrets.length === 0) throw new RangeError('a webhook is signed with at least one secret');
  const parts = typeof body === 'string' || Buffer.isBuffer(body) ? [body] : body;
  return secrets
    .map((one) => {
      const hmac = createHmac('sha256', keyOf(one)).update(`${id}.${timestampSeconds}.`);
      for (const part of parts) hmac.update(part);
      return `v1,${hmac.digest('base64')}`;
    })
    .join(' ');
}

/**
 * A new secret of 32 random bytes, in the form in which its owner is shown it.
 *
 * @param randomBytes gives so many unpredictable bytes (node:crypto)
 */
export function newSecret(randomBytes: (bytes: number) => Buffer): string {
  return SECRET_PREFIX + randomBytes(SECRET_BYTES).toString('base64');
}

/** The key of a secret; throws RangeError without naming it, since errors are logged. */
function keyOf(secret: string): KeyObject {
  const encoded = secret.startsWith(SECRET_PREFIX) ? secret.slice(SECRET_PREFIX.length) : '';
  const key = Buffer.from(encoded, 'base64');
  // Node skips what is not base64; a secret that lost characters on its way must not pass as a shorter one.
  const isWhole = key.toString('base64') === encoded;
  if (!isWhole || key.length < SECRET_BYTES_MIN || key.length > SECRET_BYTES_MAX) {
    throw new RangeError('a webhook secret is whsec_ and 24 to 64 bytes in base64');
  }
  return createSecretKey(key);
}
