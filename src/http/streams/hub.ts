/**
 * All open streams of a process. Streams of one credential are checked together, streams that see
 * the same and stand at the same seq are given the same page, and a stream with nothing to read
 * costs nothing: the growth of the log wakes it.
 */
import type { Readable } from 'node:stream';
import type { FastifyRequest } from 'fastify';
import type { Problem } from '../../errors.ts';
import { findLogBounds } from '../../log/bounds.ts';
import { memberOf } from '../auth/access.ts';
import type { Services } from '../context.ts';
import { Follower, type StreamContext } from './follower.ts';
import { createIdentities } from './identities.ts';
import { sharePages } from './pages.ts';

/** Where a stream begins, whether superseded versions are left out, and whether objects go as posted. */
export interface StreamOptions {
  readonly after: number | undefined;
  readonly current: boolean;
  readonly asPosted: boolean;
}

export interface StreamHub {
  /** The events after a seq, for the member behind the request; undefined: from now on. */
  open(request: FastifyRequest, options: StreamOptions): Promise<Readable>;
  close(): void;
}

/** A change of standing is checked as soon as it is notified; without a notification, within a second. */
const LOOK_MS = 800;

export function createStreamHub(services: Services): StreamHub {
  const context: StreamContext = { services, readPage: sharePages(services) };
  const identities = createIdentities(services);
  const followers = new Set<Follower>();
  const lookAll = (): void => {
    for (const follower of followers) follower.look();
  };
  const stopWatching = services.growth.watch((woken) => {
    if (woken) identities.checkAll();
    lookAll();
  });
  const timer = setInterval(() => {
    identities.checkAll();
    lookAll();
  }, LOOK_MS);
  const stopAll = (): void => {
    for (const follower of followers) follower.stop();
  };
  services.stopping.addEventListener('abort', stopAll, { once: true });
  return {
    open: async (request, { after, current, asPosted }) => {
      const begin = after ?? (await findLogBounds(services.db)).head;
      // The identity ends a follower, and the follower asks for its identity.
      const dependent = { end: (problem: Problem): void => follower.end(problem) };
      const identity = identities.enter(request, dependent);
      const member = memberOf(request);
      const follower = new Follower(context, {
        request,
        after: begin,
        isBehind: after !== undefined,
        current,
        member,
        form: { realm: member.realm.slug, asPosted },
        check: () => identities.check(identity),
      });
      followers.add(follower);
      follower.body.once('close', () => {
        followers.delete(follower);
        identities.leave(identity, dependent);
      });
      if (services.stopping.aborted) follower.stop();
      return follower.body;
    },
    close: () => {
      clearInterval(timer);
      stopWatching();
      services.stopping.removeEventListener('abort', stopAll);
    },
  };
}
