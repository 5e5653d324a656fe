/**
 * What is derived from the master secret: the pepper of keys, the keys that sign access tokens, the
 * key that signs the audit, the key that authenticates backups, the sealing of cursors and the
 * encryption of stored secrets (HKDF-SHA-256, RFC 5869, one label each). With an older secret beside it, whatever was made under the older one still opens; all
 * that is made is made under the current one.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
  type KeyObject,
} from 'node:crypto';

export type Purpose =
  'access-token' | 'api-key' | 'audit' | 'backup' | 'cursor' | 'fingerprint' | 'stored-secret';

export interface Keyring {
  /**
   * The keys for a purpose, 32 bytes each: the current one first, then the older one if any. As
   * KeyObjects, which Node's ciphers take five times faster than bytes.
   */
  keys(purpose: Purpose): readonly [KeyObject, ...KeyObject[]];
}

const MASTER_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** A keyring over master secrets of 32 bytes. Throws RangeError when one has another length. */
export function createKeyring(current: Buffer, older?: Buffer): Keyring {
  const masters = older === undefined ? [current] : [current, older];
  if (masters.some((master) => master.length !== MASTER_BYTES)) {
    throw new RangeError(`A master secret has ${MASTER_BYTES} bytes`);
  }
  const derived = new Map<Purpose, [KeyObject, ...KeyObject[]]>();
  return {
    keys: (purpose) => {
      let keys = derived.get(purpose);
      if (keys === undefined) {
        const derive = (master: Buffer): KeyObject =>
          createSecretKey(
            Buffer.from(hkdfSync('sha256', master, '', `tocsin ${purpose}`, MASTER_BYTES)),
          );
        keys = older === undefined ? [derive(current)] : [derive(current), derive(older)];
        derived.set(purpose, keys);
      }
      return keys;
    },
  };
}

/** The same keyring, whose cursors belong to one epoch of the log and to no other. */
export function withLogEpoch(keyring: Keyring, epoch: string): Keyring {
  const bound = ([current, ...older]: readonly [KeyObject, ...KeyObject[]]) => {
    const bind = (key: KeyObject): KeyObject =>
      createSecretKey(createHmac('sha256', key).update(epoch).digest());
    return [bind(current), ...older.map(bind)] as const;
  };
  const cursors = bound(keyring.keys('cursor'));
  return { keys: (purpose) => (purpose === 'cursor' ? cursors : keyring.keys(purpose)) };
}

/**
 * What tells one master secret from another without revealing anything about it: of the current one
 * first, then of the older one if any.
 */
export function fingerprints(keyring: Keyring): readonly string[] {
  return keyring.keys('fingerprint').map((key) => key.export().subarray(0, 8).toString('hex'));
}

/** The HMAC under which a key's secret is kept (the current pepper). */
export function pepper(keyring: Keyring, secret: string): Buffer {
  return createHmac('sha256', keyring.keys('api-key')[0]).update(secret).digest();
}

/** Whether `secret` is the one kept as `hash`, under any pepper, in constant time. */
export function isPeppered(keyring: Keyring, secret: string, hash: Uint8Array): boolean {
  return isMacOf(keyring, 'api-key', secret, hash);
}

/** The HMAC-SHA-256 that proves that a backup was made by a holder of the master secret. */
export function backupMac(keyring: Keyring, digest: Uint8Array): Buffer {
  return createHmac('sha256', keyring.keys('backup')[0]).update(digest).digest();
}

/** Whether `mac` is what backupMac returns for `digest`, under any master secret. */
export function isBackupMac(keyring: Keyring, digest: Uint8Array, mac: Uint8Array): boolean {
  return isMacOf(keyring, 'backup', digest, mac);
}

/** Compares in constant time. */
function isMacOf(
  keyring: Keyring,
  purpose: Purpose,
  text: string | Uint8Array,
  mac: Uint8Array,
): boolean {
  let matches = false;
  for (const key of keyring.keys(purpose)) {
    const candidate = createHmac('sha256', key).update(text).digest();
    if (candidate.length === mac.length && timingSafeEqual(candidate, mac)) matches = true;
  }
  return matches;
}

/**
 * Encrypts and authenticates (AES-256-GCM) `plain`, bound to `context`. With `deterministic`, the
 * nonce is drawn from the text itself, so that the same text seals to the same bytes.
 */
export function seal(
  keyring: Keyring,
  purpose: Purpose,
  plain: Buffer,
  context: string,
  { deterministic = false } = {},
): Buffer {
  const [key] = keyring.keys(purpose);
  const nonce = deterministic
    ? createHmac('sha256', key).update(context).update('\0').update(plain).digest()
    : randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce.subarray(0, NONCE_BYTES));
  cipher.setAAD(Buffer.from(context));
  const sealed = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([nonce.subarray(0, NONCE_BYTES), sealed, cipher.getAuthTag()]);
}

/** What seal made, or undefined when it was made elsewhere, for another context, or altered. */
export function unseal(
  keyring: Keyring,
  purpose: Purpose,
  sealed: Buffer,
  context: string,
): Buffer | undefined {
  if (sealed.length < NONCE_BYTES + TAG_BYTES) return undefined;
  for (const key of keyring.keys(purpose)) {
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE_BYTES));
    decipher.setAAD(Buffer.from(context));
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
    try {
      const body = sealed.subarray(NONCE_BYTES, sealed.length - TAG_BYTES);
      return Buffer.concat([decipher.update(body), decipher.final()]);
    } catch {
      // Not under this key: the older one may open it.
    }
  }
  return undefined;
}
