/**
 * The keys that sign access tokens: Ed25519, one for each day, drawn from the master secret, so
 * that every process has the same and none is kept anywhere. Those of the day before and the day
 * after verify too, and those under the older master secret while there is one; what is signed is
 * signed by today's.
 */
import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
} from 'node:crypto';
import type { Keyring } from '../keyring.ts';

export interface TokenKey {
  /** RFC 7638: the thumbprint of the public key, in base64url. */
  readonly kid: string;
  /** PEM. */
  readonly privateKey: string;
  readonly publicKey: string;
}

const DAY_MS = 24 * 3600 * 1000;

/** RFC 8410 §7: what comes before the 32 bytes of an Ed25519 key in PKCS #8. */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');

const made = new WeakMap<KeyObject, Map<number, TokenKey>>();

/** The keys that are good at `now`, the one that signs first. */
export function tokenKeys(keyring: Keyring, now: Date): readonly [TokenKey, ...TokenKey[]] {
  const today = Math.floor(now.getTime() / DAY_MS);
  const [current, ...older] = keyring.keys('access-token');
  const others = [current, ...older].flatMap((secret) =>
    [today, today - 1, today + 1].map((day) => keyOf(secret, day)),
  );
  const signs = keyOf(current, today);
  return [signs, ...others.filter((key) => key !== signs)];
}

function keyOf(secret: KeyObject, day: number): TokenKey {
  const days = made.get(secret) ?? new Map<number, TokenKey>();
  made.set(secret, days);
  let key = days.get(day);
  if (key === undefined) {
    key = derive(secret, day);
    for (const past of days.keys()) if (past < day - 2) days.delete(past);
    days.set(day, key);
  }
  return key;
}

function derive(secret: KeyObject, day: number): TokenKey {
  const seed = createHmac('sha256', secret).update(`day ${day}`).digest();
  const der = Buffer.concat([PKCS8_HEAD, seed]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(privateKey);
  const { crv, kty, x } = publicKey.export({ format: 'jwk' });
  return {
    kid: createHash('sha256').update(JSON.stringify({ crv, kty, x })).digest('base64url'),
    privateKey: privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    publicKey: publicKey.export({ format: 'pem', type: 'spki' }).toString(),
  };
}
