/**
 * The second factor: one-time codes by time (TOTP, RFC 6238), each accepted once, and recovery codes
 * for users who have lost their authenticator. The secret is kept sealed, bound to its user.
 */
import { createHash, randomBytes } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';
import { Problem } from '../errors.ts';
import { seal, unseal, type Keyring } from '../keyring.ts';
import { resealSecret, takeRecoveryCode, takeStep } from '../store/access/second-factors.ts';
import type { ServerTx } from '../store/postgres/transaction.ts';
import type { UserRecord } from '../store/access/users.ts';

const PERIOD_SECONDS = 30;
/** Clocks may differ by a step (RFC 6238 §5.2). */
const DRIFT_STEPS = 1;
const SECRET_BYTES = 20;
const RECOVERY_CODES = 10;
/** 120 bits: with 112 or more, a fast hash is as good as a slow one (OWASP ASVS 5.0, 6.5.2). */
const RECOVERY_BYTES = 15;

/** What an authenticator takes over: the secret in base32, and the same as a link. */
export interface Enrolment {
  readonly secret: string;
  readonly uri: string;
}

/** A new secret: what is shown only once, and what is stored. */
export function newSecret(
  keyring: Keyring,
  user: { readonly id: string; readonly email: string },
): Enrolment & { readonly sealed: Buffer } {
  const secret = new Secret({ size: SECRET_BYTES });
  const uri = totpOf(secret, user.email).toString();
  return { secret: secret.base32, uri, sealed: sealed(keyring, user.id, secret) };
}

/** New recovery codes: what is shown only once, and what is stored of each. */
export function newRecoveryCodes(): { readonly code: string; readonly hash: Buffer }[] {
  return Array.from({ length: RECOVERY_CODES }, () => {
    const { buffer } = new Uint8Array(randomBytes(RECOVERY_BYTES));
    const text = new Secret({ buffer }).base32.toLowerCase();
    const code = text.match(/.{4}/g)?.join('-') ?? text;
    return { code, hash: hashCode(code) };
  });
}

/**
 * Uses up a code of the second factor, or a recovery code where they serve. Returns which it was.
 * Throws Problem second_factor_invalid.
 */
export async function useCode(
  tx: ServerTx,
  keyring: Keyring,
  user: UserRecord,
  code: string,
  now: Date,
): Promise<'code' | 'recovery_code'> {
  const plain = code.replaceAll(/[\s-]/g, '');
  if (/^\d{6}$/.test(plain)) {
    await useTimeCode(tx, keyring, user, plain, now);
    return 'code';
  }
  const taken =
    user.totpConfirmedAt !== null && (await takeRecoveryCode(tx, user.id, hashCode(plain)));
  if (!taken) throw wrong();
  return 'recovery_code';
}

async function useTimeCode(
  tx: ServerTx,
  keyring: Keyring,
  user: UserRecord,
  token: string,
  now: Date,
): Promise<void> {
  const secret = openSecret(keyring, user);
  const timestamp = now.getTime();
  const delta = totpOf(secret, user.email).validate({ token, timestamp, window: DRIFT_STEPS });
  if (delta === null) throw wrong();
  const step = Math.floor(timestamp / 1000 / PERIOD_SECONDS) + delta;
  if (!(await takeStep(tx, user.id, step))) throw wrong();
  // With the current master secret, so that an older one can be removed in time.
  await resealSecret(tx, user.id, sealed(keyring, user.id, secret));
}

function totpOf(secret: Secret, email: string): TOTP {
  return new TOTP({ issuer: 'Tocsin', label: email, secret, period: PERIOD_SECONDS, digits: 6 });
}

function sealed(keyring: Keyring, userId: string, secret: Secret): Buffer {
  return seal(keyring, 'stored-secret', Buffer.from(secret.bytes), `totp ${userId}`);
}

/** Throws Problem second_factor_invalid where there is none. */
function openSecret(keyring: Keyring, { id, totpSecret }: UserRecord): Secret {
  if (totpSecret === null) throw wrong();
  const bytes = unseal(keyring, 'stored-secret', Buffer.from(totpSecret), `totp ${id}`);
  if (bytes === undefined) {
    throw new Error(
      'A second factor was encrypted with a master secret that is no longer configured',
    );
  }
  return new Secret({ buffer: new Uint8Array(bytes).buffer });
}

function hashCode(code: string): Buffer {
  return createHash('sha256').update(code.replaceAll('-', '').toLowerCase()).digest();
}

function wrong(): Problem {
  return new Problem('second_factor_invalid', 'Wait for the next code of your authenticator', {
    path: 'body.code',
  });
}
