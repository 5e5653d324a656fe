/**
 * How many requests, and how many streams, may be under way at the same time: of one key or user,
 * of one organisation, and in all. Counted in the memory of this process.
 */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { SlotLimits } from '../../limits.ts';
import { Problem } from '../../errors.ts';
import { mayHold } from './division.ts';
import type { Payer } from '../../reading/metered.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The answer lasts until either side ends it: it counts as a stream. */
    streams?: true;
  }
}

interface Slots {
  /**
   * Takes a slot, which is free again at the end of the answer. Throws Problem too_many_at_once, or
   * server_busy when the process has no slot left, or none but for organisations that hold fewer.
   */
  take(payer: Payer, reply: Pick<FastifyReply, 'raw'>): void;
}

const RETRY_AFTER_S = 1;

interface Concurrency {
  readonly requests: SlotLimits;
  readonly streams: SlotLimits;
}

/** Counts every request of a member, once it is known whose it is. */
export function limitConcurrency(app: FastifyInstance, limits: Concurrency): void {
  const requests = createSlots(limits.requests, 'requests');
  const streams = createSlots(limits.streams, 'streams');
  app.addHook('onRequest', async ({ member, routeOptions }, reply) => {
    if (member === undefined) return;
    const payer = { actor: member.actor, organisationId: member.organisation.id };
    (routeOptions.config.streams === true ? streams : requests).take(payer, reply);
  });
}

/** `what` names the things that are counted. */
function createSlots(limits: SlotLimits, what: 'requests' | 'streams'): Slots {
  const settings = what === 'streams' ? 'TOCSIN_STREAMS' : 'TOCSIN_REQUESTS';
  const keys = createCounter();
  const organisations = createCounter();
  let all = 0;
  return {
    take: ({ actor, organisationId }, { raw }) => {
      // Its client has left already.
      if (raw.closed) return;
      const organisation = String(organisationId);
      if (keys.of(actor) >= limits.perKey) {
        throw tooMany(`You have ${limits.perKey} ${what}`, `${settings}_PER_KEY`);
      }
      if (organisations.of(organisation) >= limits.perOrganisation) {
        throw tooMany(
          `Your organisation has ${limits.perOrganisation} ${what}`,
          `${settings}_PER_ORGANISATION`,
        );
      }
      const held = organisations.of(organisation);
      if (!mayHold({ ...limits, unit: 1 }, { held: held + 1, others: all - held })) {
        const detail = `The server has ${all} ${what} under way. Try again later, or ask the operator to raise ${settings}_MAX.`;
        throw new Problem('server_busy', detail, { extra: { retry_after: RETRY_AFTER_S } });
      }
      keys.add(actor, 1);
      organisations.add(organisation, 1);
      all += 1;
      raw.once('close', () => {
        keys.add(actor, -1);
        organisations.add(organisation, -1);
        all -= 1;
      });
    },
  };
}

function createCounter() {
  const counts = new Map<string, number>();
  const of = (name: string): number => counts.get(name) ?? 0;
  return {
    of,
    add: (name: string, count: number): void => {
      const now = of(name) + count;
      if (now === 0) counts.delete(name);
      else counts.set(name, now);
    },
  };
}

function tooMany(whose: string, setting: string): Problem {
  const detail =
    `${whose} open at the same time, which is the limit. Close some, wait, or ask the operator to ` +
    `raise ${setting}.`;
  return new Problem('too_many_at_once', detail, { extra: { retry_after: RETRY_AFTER_S } });
}
