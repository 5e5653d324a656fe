/** Who reads the open streams, each looked up once however many streams it has. */
import type { FastifyRequest } from 'fastify';
import type { Problem } from '../../errors.ts';
import type { Member } from '../../sharing/member.ts';
import { memberBehind } from '../auth/authenticate.ts';
import type { Services } from '../context.ts';
import { presented } from '../auth/credentials.ts';
import { toProblem } from '../errors/translate.ts';
import { coalesce } from './coalesce.ts';

/** A stream, as far as its identity is concerned. */
interface Dependent {
  /** The credential is no longer valid. */
  end(problem: Problem): void;
}

/** One credential, from one address, with the streams that were opened with it. */
export interface Identity {
  readonly credential: string;
  /** A request that presented it. */
  readonly request: FastifyRequest;
  readonly streams: Set<Dependent>;
}

export interface Identities {
  /** Finds the identity behind a request and adds a stream to it. */
  enter(request: FastifyRequest, stream: Dependent): Identity;
  leave(identity: Identity, stream: Dependent): void;
  /**
   * The member behind it at this moment. Where there is none any more, all of its streams end, and
   * it throws the problem.
   */
  check(identity: Identity): Promise<Member>;
  checkAll(): void;
}

export function createIdentities(services: Services): Identities {
  const all = new Map<string, Identity>();
  const check = coalesce(
    ({ credential }: Identity) => credential,
    async ({ request, streams }) => {
      try {
        return await memberBehind(services, request);
      } catch (error) {
        const problem = toProblem(error);
        for (const stream of streams) stream.end(problem);
        throw problem;
      }
    },
  );
  return {
    check,
    checkAll: () => {
      for (const identity of all.values()) check(identity).catch(() => undefined);
    },
    enter: (request, stream) => {
      const { key, address } = presented(request);
      const credential = `${address} ${key}`;
      const identity = all.get(credential) ?? { credential, request, streams: new Set() };
      all.set(credential, identity);
      identity.streams.add(stream);
      return identity;
    },
    leave: (identity, stream) => {
      identity.streams.delete(stream);
      if (identity.streams.size === 0) all.delete(identity.credential);
    },
  };
}
