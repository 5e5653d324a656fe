/**
 * The rights of a caller can change during its request: a body may take hours to arrive. Verbs
 * throw StandingChanged from the transaction that writes; here the caller is authenticated again.
 */
import type { FastifyRequest, RouteHandlerMethod } from 'fastify';
import { Problem } from '../../errors.ts';
import { StandingChanged } from '../../sharing/standing.ts';

/** Who changes faster than this does so on purpose. */
const RENEWALS_MAX = 8;

/**
 * Runs `work`; each time that the caller's rights turn out to have changed, `renew` authenticates
 * it again, and throws what a new request would get, and then `work` runs again.
 */
export async function withRenewal<T>(
  work: () => Promise<T>,
  renew: () => Promise<void>,
): Promise<T> {
  for (let renewals = 0; ; renewals++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof StandingChanged)) throw error;
      if (renewals === RENEWALS_MAX) throw changing(error);
      await renew();
    }
  }
}

function changing(cause: unknown): Problem {
  const detail = 'Your rights changed during the request. Try again';
  return new Problem('not_ready', detail, { cause });
}

/** A handler that is run again as the caller that it is by now. */
export function renewing(
  handler: RouteHandlerMethod,
  renew: (request: FastifyRequest) => Promise<void>,
): RouteHandlerMethod {
  return function (request, reply) {
    return withRenewal(
      async () => {
        const answer: unknown = await handler.call(this, request, reply);
        // A handler that calls reply.send returns nothing. Without the reply, Fastify would send again.
        return answer === undefined ? reply : answer;
      },
      () => renew(request),
    );
  };
}
