/**
 * How many tries to sign in one network may make in a minute. This is checked before anything is
 * looked up or computed, so it is counted in the memory of the process: a flood costs microseconds
 * and no statement. Several processes together allow as many times more. Tries at one account are
 * counted in the database (attempts.ts), where all processes and a restart see the same count.
 */
import { createHash, randomBytes } from 'node:crypto';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { Problem } from '../errors.ts';
import { narrowNetwork, wideNetwork } from '../networks.ts';

/** Whose tries are counted: an address, or an account on a device where its user signed in before. */
export type TrySource = { readonly address: string } | { readonly account: string };

export interface TryLimits {
  /** Counts a try in advance. Throws Problem too_many_attempts. */
  begin(source: TrySource): Promise<void>;
  /** The try was right: it is not counted. */
  succeed(source: TrySource): Promise<void>;
}

const MINUTE_S = 60;
/** What a /24 of IPv4 or a /48 of IPv6 may do, in tries of one address or /64. */
const WIDE_FACTOR = 4;
/** Counters, however many networks there are. Networks that share one cannot foresee it. */
const SLOTS = 65_536;

/** Limits to `perMinute` tries of one source. */
export function createTryLimits(perMinute: number): TryLimits {
  const narrow = new RateLimiterMemory({ points: perMinute, duration: MINUTE_S });
  const wide = new RateLimiterMemory({ points: perMinute * WIDE_FACTOR, duration: MINUTE_S });
  const salt = randomBytes(16);
  const slotOf = (name: string): string => {
    const hash = createHash('sha256').update(salt).update(name).digest();
    return String(hash.readUInt32BE() % SLOTS);
  };
  const slotsOf = (source: TrySource): { own: string; around: string | undefined } =>
    'account' in source
      ? { own: slotOf(`account ${source.account}`), around: undefined }
      : {
          own: slotOf(narrowNetwork(source.address)),
          around: slotOf(wideNetwork(source.address)),
        };
  return {
    begin: async (source) => {
      const { own, around } = slotsOf(source);
      await counted(narrow.consume(own));
      if (around === undefined) return;
      try {
        await counted(wide.consume(around));
      } catch (error) {
        await narrow.reward(own);
        throw error;
      }
    },
    succeed: async (source) => {
      const { own, around } = slotsOf(source);
      await narrow.reward(own);
      if (around !== undefined) await wide.reward(around);
    },
  };
}

async function counted(consumed: Promise<RateLimiterRes>): Promise<void> {
  try {
    await consumed;
  } catch (error) {
    if (!(error instanceof RateLimiterRes)) throw error;
    const seconds = Math.max(1, Math.ceil(error.msBeforeNext / 1000));
    throw new Problem(
      'too_many_attempts',
      `Too many failures from your network. Wait ${seconds} s, or ask the operator to raise ` +
        'TOCSIN_SIGN_IN_TRIES.',
      {
        extra: { retry_after: seconds },
      },
    );
  }
}
