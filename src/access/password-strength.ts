/**
 * Which passwords are refused though they are long enough (NIST SP 800-63B §3.1.1.2): common ones
 * and what derives from them, by the lists of zxcvbn, and those that contain the names of the
 * product, the organisation or the user.
 */
import type { ZxcvbnFactory } from '@zxcvbn-ts/core';
import { Problem } from '../errors.ts';

const PRODUCT = 'Tocsin';

/** A thousand million guesses: beyond what the limits of sign-in let anybody try. */
const GUESSES_LOG10_MIN = 9;
/** The time that an estimate takes grows with the square of the length; this is some 20 ms. */
const ESTIMATED_MAX = 32;
/** Shorter words stand in too many others. */
const WORD_MIN = 5;
const WHOLE_MIN = 4;

let estimator: Promise<ZxcvbnFactory> | undefined;

/** Loaded when the first password is set: most processes never need the lists. */
async function load(): Promise<ZxcvbnFactory> {
  const [{ ZxcvbnFactory: Factory }, { dictionary, adjacencyGraphs: graphs }] = await Promise.all([
    import('@zxcvbn-ts/core'),
    import('@zxcvbn-ts/language-common'),
  ]);
  return new Factory({ dictionary, graphs });
}

/**
 * Refuses a password that is easy to guess. `names` are those of the organisation and the user;
 * `path` says where in the request the password is. Throws Problem password_weak.
 */
export async function refuseWeak(
  password: string,
  { names, path }: { readonly names: readonly string[]; readonly path: string },
): Promise<void> {
  const text = password.normalize('NFKC').toLowerCase();
  const words = wordsOf([PRODUCT, ...names]);
  const found = words.find((word) => text.includes(word));
  if (found !== undefined) {
    const detail = `It contains "${found}", a name of this server, your organisation or yourself`;
    throw new Problem('password_weak', detail, { path });
  }
  estimator ??= load();
  const { guessesLog10 } = (await estimator).check(text.slice(0, ESTIMATED_MAX), words);
  if (guessesLog10 >= GUESSES_LOG10_MIN) return;
  throw new Problem('password_weak', 'It is common, or easy to guess. Try several random words', {
    path,
  });
}

/** Names as a whole, and the longer words in them. */
function wordsOf(names: readonly string[]): string[] {
  const all = names.map((name) => name.normalize('NFKC').toLowerCase());
  const parts = all.flatMap((name) => name.split(/[^\p{L}\p{N}]+/u));
  const whole = all.filter(({ length }) => length >= WHOLE_MIN);
  return [...new Set([...whole, ...parts.filter(({ length }) => length >= WORD_MIN)])];
}
