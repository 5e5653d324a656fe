/**
 * How often somebody may try to sign in. What is counted is the account together with the network
 * that tries, so that a stranger who guesses slows down only himself. Each process counts for
 * itself, and forgets an hour after the first try.
 */
import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import ipaddr from 'ipaddr.js';
import { Problem } from '../errors.ts';

export interface Attempts {
  /**
   * Counts one try of `what` in advance, so that many at once count as many. Throws Problem
   * too_many_attempts while one has to wait.
   */
  begin(what: string): Promise<void>;
  /** It was right: what was counted is forgotten. */
  succeed(what: string): Promise<void>;
}

const FORGET_SECONDS = 3600;
const WAIT_SECONDS_FIRST = 15;
const WAIT_SECONDS_MAX = 900;

/** `free` tries, then a wait that doubles with each. */
export function createAttempts(free: number): Attempts {
  const tries = new RateLimiterMemory({ points: free, duration: FORGET_SECONDS });
  const waits = new RateLimiterMemory({ points: 1, duration: WAIT_SECONDS_MAX });
  return {
    begin: async (what) => {
      const wait = await waits.get(what);
      if (wait !== null && wait.msBeforeNext > 0) throw tooMany(wait.msBeforeNext);
      const { consumedPoints } = await tries.penalty(what);
      if (consumedPoints >= free) await waits.block(what, waitSeconds(consumedPoints - free));
    },
    succeed: async (what) => {
      await Promise.all([tries.delete(what), waits.delete(what)]);
    },
  };
}

function waitSeconds(beyond: number): number {
  return Math.min(WAIT_SECONDS_MAX, WAIT_SECONDS_FIRST * 2 ** beyond);
}

/** One account from one network: the /24 of an IPv4 address, the /64 of an IPv6 one. */
export function accountFrom(account: string, address: string): string {
  const hash = createHash('sha256').update(account).digest('base64url');
  return `${hash} ${networkOf(address)}`;
}

function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return '';
  const parsed = ipaddr.process(address);
  const bytes = parsed.toByteArray();
  return bytes.slice(0, isIPv6(parsed.toString()) ? 8 : 3).join('.');
}

function tooMany(msBeforeNext: number): Problem {
  const seconds = Math.max(1, Math.ceil(msBeforeNext / 1000));
  return new Problem('too_many_attempts', `Wait ${seconds} s before you try again`, {
    extra: { retry_after: seconds },
  });
}
