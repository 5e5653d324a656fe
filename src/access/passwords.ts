/**
 * Passwords, stored as Argon2id (RFC 9106) in the PHC string form, with the parameters that OWASP's
 * Password Storage Cheat Sheet recommends. Any text of 12 to 256 characters serves: NIST SP
 * 800-63B §3.1.1.2 wants length and no rules of composition.
 */
import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { promisify } from 'node:util';
import { createFairQueue, type Source } from './fair-queue.ts';

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

/**
 * A hash takes 19 MiB and a processor for some 30 ms. At least half of the processors stay free of them:
 * anybody can ask for hashes, and requests of members would have to wait for a processor.
 */
const RUNNING = Math.max(1, Math.floor(availableParallelism() / 2));

/** A full queue takes some 16 s of a processor. */
const queue = createFairQueue({
  running: RUNNING,
  waiting: 512,
  waitingPerSource: 16,
  waitMs: 15_000,
});
const derive = promisify(argon2);

/** Work of this process itself. */
const OWN: Source = { name: '', known: true };

/**
 * The text to store, computed when the source has its turn. Users of one address have one salt
 * (saltOfUser). Throws Problem sign_in_busy.
 */
export async function hashPassword(
  password: string,
  source = OWN,
  salt: Buffer = randomBytes(SALT_BYTES),
): Promise<string> {
  const tag = await queue(source, () =>
    compute(password, { nonce: salt, parameters: CURRENT, tagLength: TAG_BYTES }),
  );
  const { memory, passes, parallelism } = CURRENT;
  const parameters = `m=${memory},t=${passes},p=${parallelism}`;
  return `$argon2id$v=19$${parameters}$${unpadded(salt)}$${unpadded(tag)}`;
}

export interface Verdict {
  readonly matches: boolean;
  /** Whether it was stored with other parameters than today's, and has to be hashed again. */
  readonly outdated: boolean;
}

/** The hash of no password, so that an unknown user costs what a known one does. */
const NOBODY = `$argon2id$v=19$m=19456,t=2,p=1$${unpadded(Buffer.alloc(SALT_BYTES))}$${unpadded(
  Buffer.alloc(TAG_BYTES),
)}`;

/** Who asks for a comparison, and what is done first when it is their turn. */
export interface Asking {
  readonly source?: Source;
  readonly first?: () => Promise<void>;
}

/**
 * Whether this is the stored password; without one it takes as long, and never matches. `first`
 * runs when it is the source's turn, so that what it stores grows no faster than hashes are made.
 * Throws Problem sign_in_busy, and what `first` throws.
 */
export async function checkPassword(
  password: string,
  stored: string | null,
  asking: Asking = {},
): Promise<Verdict> {
  const [verdict] = await checkPasswords(password, stored === null ? [] : [stored], asking);
  return verdict ?? { matches: false, outdated: false };
}

/**
 * The same for the stored passwords of all users of an address. They have one salt, so one hash is
 * computed however many there are, or for none; a further one only where parameters differ.
 */
export async function checkPasswords(
  password: string,
  stored: readonly string[],
  { source = OWN, first }: Asking = {},
): Promise<Verdict[]> {
  const computed = new Map<string, Buffer>();
  for (const text of stored.length === 0 ? [NOBODY] : stored) {
    const work = workOf(text);
    if (computed.has(work.name)) continue;
    const begin = computed.size === 0 ? first : undefined;
    const tag = await queue(source, async () => {
      await begin?.();
      return compute(password, work);
    });
    computed.set(work.name, tag);
  }
  return stored.map((text) => {
    const { name, tag, parameters } = workOf(text);
    const actual = computed.get(name);
    return {
      matches: actual !== undefined && timingSafeEqual(actual, tag),
      outdated: JSON.stringify(parameters) !== JSON.stringify(CURRENT),
    };
  });
}

/** What a stored password takes to be compared with; those of one name take the same. */
function workOf(stored: string): Work & { readonly name: string; readonly tag: Buffer } {
  const [, memory, passes, parallelism, salt = '', tag = ''] = PHC.exec(stored) ?? [];
  const parameters = {
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
  };
  const expected = Buffer.from(tag, 'base64');
  return {
    name: `${stored.slice(0, stored.lastIndexOf('$'))} ${expected.length}`,
    tag: expected,
    parameters,
    nonce: Buffer.from(salt, 'base64'),
    tagLength: expected.length,
  };
}

interface Work {
  readonly nonce: Buffer;
  readonly parameters: Parameters;
  readonly tagLength: number;
}

function compute(password: string, { nonce, parameters, tagLength }: Work): Promise<Buffer> {
  // The same text, however a keyboard composes it (RFC 8265 §4.2.2 wants a normal form too).
  const message = password.normalize('NFKC');
  return derive('argon2id', { message, nonce, tagLength, ...parameters });
}

/** Base64 without padding, as the PHC string form wants it. */
function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '');
}
