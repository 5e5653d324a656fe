/** Requests for what is new that wait until there is something, or for as long as their client wants. */
import { once } from 'node:events';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { findNews } from '../../log/news.ts';
import type { Viewer } from '../../sharing/viewer.ts';
import { memberOf } from '../auth/access.ts';
import { memberBehind } from '../auth/authenticate.ts';
import type { Services } from '../context.ts';
import { outOfTurn } from '../edge/fairness.ts';
import { coalesce } from './coalesce.ts';

/** Resolves when a request should be answered. Throws as memberBehind and findNews. */
export type LongPoll = (
  request: FastifyRequest,
  reply: Pick<FastifyReply, 'raw'>,
  /** The seq after which something is waited for, and for how long at most. */
  asked: { readonly after: number; readonly waitMs: number },
) => Promise<void>;

interface Look {
  readonly viewer: Viewer;
  readonly after: number;
}

/**
 * While it waits, a request takes no turn and no room: the growth of the log wakes it. Those of one organisation
 * that stand at the same seq look together. Who waits is authenticated again before each look, so that a key
 * that is revoked meanwhile receives nothing.
 */
export function createLongPoll(services: Services): LongPoll {
  const { db, growth, stopping } = services;
  const look = coalesce(
    ({ viewer: { organisationId, realmId, cleared }, after }: Look) =>
      `${organisationId} ${realmId} ${cleared} ${after}`,
    ({ viewer, after }) => findNews(db, viewer, after),
  );
  return async (request, reply, { after, waitMs }) => {
    const untilMs = performance.now() + waitMs;
    const gone = new AbortController();
    const signal = AbortSignal.any([gone.signal, stopping]);
    void once(reply.raw, 'close', { signal }).then(
      () => gone.abort(),
      () => undefined,
    );
    try {
      let seen = after;
      for (;;) {
        const news = await look({ viewer: memberOf(request).viewer, after: seen });
        const leftMs = untilMs - performance.now();
        if (news.any || leftMs <= 0 || signal.aborted) return;
        seen = news.seen;
        await outOfTurn(request, () => growth.waitPast(seen, leftMs, signal));
        request.member = await memberBehind(services, request);
      }
    } finally {
      gone.abort();
    }
  };
}
