/**
 * How much a key, and its organisation with all of its keys, may ask in a minute: so many requests,
 * and so many objects read. Counted in the memory of this process: the check costs a few
 * microseconds where a shared count would cost a round trip, and n processes let through at most n
 * times as much. Wrong keys are counted by the network that they come from.
 */
import { createHash, randomBytes } from 'node:crypto';
import { BurstyRateLimiter, RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { RateLimits } from '../../limits.ts';
import { asSentence, Problem } from '../../errors.ts';
import { narrowNetwork } from '../../networks.ts';
import type { ObjectQuota, Payer } from '../../reading/metered.ts';

export type RateHeaders = Readonly<Record<string, string>>;

export interface Rates extends ObjectQuota {
  /**
   * Counts a request. Resolves to the headers that tell how much is left (IETF
   * draft-ietf-httpapi-ratelimit-headers). Throws Problem rate_limited; for used up rows only where
   * the request is to read some.
   */
  admit(payer: Payer, request: { readonly reads: boolean }): Promise<RateHeaders>;
  /** How long it takes until objects may be read again, in milliseconds; 0 where they may be now. */
  pause(payer: Payer): Promise<number>;
  /** Counts a wrong key from an address. Throws Problem rate_limited. */
  wrongKey(address: string): Promise<void>;
}

const MINUTE_S = 60;
const BURST_S = 600;

/** As many counts of wrong keys as there ever are, however many networks they come from. */
const NETWORKS_MAX = 65_536;

/** The settings by which the operator changes each limit. */
const OF_KEY = { requests: 'TOCSIN_RATE_REQUESTS', rows: 'TOCSIN_RATE_ROWS' };
const OF_ORGANISATION = { requests: 'TOCSIN_RATE_ORGANISATION', rows: 'TOCSIN_RATE_ORGANISATION' };

export function createRates(limits: RateLimits): Rates {
  const keys = createMeter(limits, 1, OF_KEY);
  const organisations = createMeter(limits, limits.organisation, OF_ORGANISATION);
  const wrongKeys = new RateLimiterMemory({ points: limits.wrongKeys, duration: MINUTE_S });
  const salt = randomBytes(16);
  const { requests: most, rows: mostRows } = limits;
  const policy = `"requests";q=${most};w=${MINUTE_S}, "rows";q=${mostRows};w=${MINUTE_S}`;
  return {
    admit: async ({ actor, organisationId }, { reads }) => {
      const own = await keys.admit(actor, { who: 'You', reads });
      const all = await organisations.admit(String(organisationId), {
        who: 'Your organisation',
        reads,
      });
      const requests = lesser(own.requests, all.requests);
      const rows = lesser(own.rows, all.rows);
      return {
        'ratelimit-policy': policy,
        ratelimit: `"requests";${leftOf(requests)}, "rows";${leftOf(rows)}`,
      };
    },
    charge: ({ actor, organisationId }, rows) => {
      keys.charge(actor, rows);
      organisations.charge(String(organisationId), rows);
    },
    pause: async ({ actor, organisationId }) =>
      Math.max(await keys.pause(actor), await organisations.pause(String(organisationId))),
    take: async ({ actor, organisationId }, rows) => {
      const own = await keys.take(actor, rows);
      if (own > 0) return own;
      const all = await organisations.take(String(organisationId), rows);
      if (all > 0) keys.charge(actor, -rows);
      return all;
    },
    wrongKey: async (address) => {
      // Networks that share a count, which they cannot foresee, share the limit of wrong keys alone.
      const hash = createHash('sha256').update(salt).update(narrowNetwork(address)).digest();
      const slot = String(hash.readUInt32BE() % NETWORKS_MAX);
      await counted(
        wrongKeys.consume(slot),
        'Too many wrong keys from your network',
        'TOCSIN_RATE_WRONG_KEYS',
      );
    },
  };
}

type Counted = 'requests' | 'rows';

interface Asking {
  /** In whose name an error speaks. */
  readonly who: string;
  readonly reads: boolean;
}

interface Left {
  readonly remaining: number;
  readonly resetMs: number;
}

/** Counts requests and rows by name, with `times` what one key may. */
function createMeter(
  { requests, burst, rows }: RateLimits,
  times: number,
  settings: Record<Counted, string>,
) {
  const steady = new RateLimiterMemory({ points: requests * times, duration: MINUTE_S });
  const spare = new RateLimiterMemory({ points: burst * times, duration: BURST_S });
  const both = new BurstyRateLimiter(steady, spare);
  const read = new RateLimiterMemory({ points: rows * times, duration: MINUTE_S });
  const usedOf = async (name: string): Promise<{ spent: number; resetMs: number }> => {
    const had = await read.get(name);
    // One that has expired may still be there.
    if (had === null || had.msBeforeNext <= 0) return { spent: 0, resetMs: 0 };
    return { spent: had.consumedPoints, resetMs: had.msBeforeNext };
  };
  return {
    admit: async (name: string, { who, reads }: Asking): Promise<Record<Counted, Left>> => {
      const asked = await counted(
        both.consume(name),
        `${who} sent too many requests`,
        settings.requests,
      );
      const { spent, resetMs } = await usedOf(name);
      if (reads && spent >= read.points)
        throw tooMuch(`${who} read too many objects`, resetMs, settings.rows);
      return {
        requests: { remaining: asked.remainingPoints, resetMs: asked.msBeforeNext },
        rows: { remaining: read.points - spent, resetMs },
      };
    },
    charge: (name: string, count: number): void => void read.penalty(name, count),
    pause: async (name: string): Promise<number> => {
      const { spent, resetMs } = await usedOf(name);
      return spent < read.points ? 0 : resetMs;
    },
    take: async (name: string, count: number): Promise<number> => {
      const counted = await read.penalty(name, count);
      if (counted.consumedPoints - count < read.points) return 0;
      await read.reward(name, count);
      return Math.max(1, counted.msBeforeNext);
    },
  };
}

async function counted(
  consumed: Promise<RateLimiterRes>,
  detail: string,
  setting: string,
): Promise<RateLimiterRes> {
  try {
    return await consumed;
  } catch (error) {
    if (!(error instanceof RateLimiterRes)) throw error;
    throw tooMuch(detail, error.msBeforeNext, setting);
  }
}

function tooMuch(detail: string, waitMs: number, setting: string): Problem {
  const retryAfter = Math.max(1, Math.ceil(waitMs / 1000));
  const advice = `Try again in ${retryAfter} s, or ask the operator to raise ${setting}.`;
  return new Problem('rate_limited', `${asSentence(detail)} ${advice}`, {
    extra: { retry_after: retryAfter },
  });
}

function lesser(one: Left, other: Left): Left {
  return other.remaining < one.remaining ? other : one;
}

function leftOf({ remaining, resetMs }: Left): string {
  return `r=${Math.max(0, remaining)};t=${Math.ceil(resetMs / 1000)}`;
}
