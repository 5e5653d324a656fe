/**
 * Passwords, kept as Argon2id (RFC 9106) in the PHC string form, with the parameters that OWASP's
 * Password Storage Cheat Sheet recommends. Any text of 12 to 256 characters serves: NIST SP
 * 800-63B §3.1.1.2 wants length and no rules of composition.
 */
import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { Problem } from '../errors.ts';
import { createGate } from './gate.ts';

export const PASSWORD_MIN = 12;
export const PASSWORD_MAX = 256;

interface Parameters {
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
}

/** 19 MiB, two passes, one lane. */
const CURRENT: Parameters = { memory: 19_456, passes: 2, parallelism: 1 };
const SALT_BYTES = 16;
const TAG_BYTES = 32;

const PHC = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([\w+/]+)\$([\w+/]+)$/;

/** Each takes 19 MiB and a thread for some 30 ms: more at once would only make each slower. */
const gate = createGate({ running: 2, waiting: 64 });
const derive = promisify(argon2);

/** The text to keep. Throws Problem too_many_attempts when too much is to be hashed already. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const tag = await run(password, { nonce: salt, parameters: CURRENT, tagLength: TAG_BYTES });
  const { memory, passes, parallelism } = CURRENT;
  const parameters = `m=${memory},t=${passes},p=${parallelism}`;
  return `$argon2id$v=19$${parameters}$${unpadded(salt)}$${unpadded(tag)}`;
}

export interface Verdict {
  readonly matches: boolean;
  /** Whether it was kept with other parameters than those of today, and is to be hashed again. */
  readonly outdated: boolean;
}

/** What is kept of nobody's password, so that an unknown user costs what a known one does. */
const NOBODY = `$argon2id$v=19$m=19456,t=2,p=1$${unpadded(Buffer.alloc(SALT_BYTES))}$${unpadded(
  Buffer.alloc(TAG_BYTES),
)}`;

/**
 * Whether this is the password that was kept; with nothing kept it takes as long, and is not.
 * `first` runs when it is its turn, so that what it keeps grows no quicker than passwords are hashed.
 * Throws Problem too_many_attempts as hashPassword, and as `first`.
 */
export async function checkPassword(
  password: string,
  kept: string | null,
  first?: () => Promise<void>,
): Promise<Verdict> {
  const [, memory, passes, parallelism, salt = '', tag = ''] = PHC.exec(kept ?? NOBODY) ?? [];
  const parameters = {
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
  };
  const expected = Buffer.from(tag, 'base64');
  const nonce = Buffer.from(salt, 'base64');
  const actual = await run(password, { nonce, parameters, tagLength: expected.length, first });
  return {
    matches: kept !== null && timingSafeEqual(actual, expected),
    outdated: JSON.stringify(parameters) !== JSON.stringify(CURRENT),
  };
}

interface Work {
  readonly nonce: Buffer;
  readonly parameters: Parameters;
  readonly tagLength: number;
  readonly first?: (() => Promise<void>) | undefined;
}

function run(password: string, { nonce, parameters, tagLength, first }: Work): Promise<Buffer> {
  return gate(
    async () => {
      await first?.();
      // The same text, however a keyboard composes it (RFC 8265 §4.2.2 wants a normal form too).
      const message = password.normalize('NFKC');
      return derive('argon2id', { message, nonce, tagLength, ...parameters });
    },
    () => tooBusy(),
  );
}

function tooBusy(): Problem {
  const extra = { retry_after: 1 };
  return new Problem('too_many_attempts', 'Too many sign in just now: try again', { extra });
}

/** Base64 without padding, as the PHC string form wants it. */
function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '');
}
