/**
 * How often somebody may try to sign in. What is counted is the account together with the network
 * that tries, so that a stranger who guesses slows down only their own attempts. It is counted in the database:
 * the same for all processes, and after a restart. An hour after the first try it is forgotten.
 */
import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { Clock } from '../clock.ts';
import { Problem } from '../errors.ts';
import type { Database } from '../store/postgres/database.ts';
import { countTry, forgetTries, giveTryBack } from '../store/access/sign-in-tries.ts';

export interface Attempts {
  /**
   * Counts one try of `what` in advance, so that many at once count as many. Throws Problem
   * too_many_attempts while one has to wait.
   */
  begin(what: string): Promise<void>;
  /** It was right: what was counted is forgotten. */
  succeed(what: string): Promise<void>;
  /**
   * It was right, but does not speak for the tries before it, which may have been made at another
   * account: only this one is not counted.
   */
  giveBack(what: string): Promise<void>;
}

export interface AttemptsContext {
  readonly db: Database;
  readonly clock: Clock;
}

const PATIENCE = { forgetSeconds: 3600, firstWaitSeconds: 15, longestWaitSeconds: 900 };

/** `free` tries of a kind, then a wait that doubles with each. */
export function createAttempts(
  { db, clock }: AttemptsContext,
  { kind, free }: { readonly kind: string; readonly free: number },
): Attempts {
  const named = (what: string): Buffer => createHash('sha256').update(`${kind} ${what}`).digest();
  return {
    begin: async (what) => {
      const now = clock.now();
      const until = await countTry(db, named(what), now, { ...PATIENCE, free });
      if (until !== undefined) throw tooMany(until.getTime() - now.getTime());
    },
    succeed: (what) => forgetTries(db, named(what)),
    giveBack: (what) => giveTryBack(db, named(what)),
  };
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
