import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { asSentence, Problem } from '../../errors.ts';
import { revoke } from '../../indicators/revoke.ts';
import { readShare, readShares, type AddressedShare } from '../../reading/shares.ts';
import { TLP_ORDER, tlpRank } from '../../stix/marking/tlp.ts';
import { memberOf, PUBLISHERS, readmit } from '../auth/access.ts';
import type { Services } from '../context.ts';
import { readingOf } from '../member-reading.ts';
import { toProblem } from '../errors/translate.ts';
import { withRenewal } from '../auth/standing.ts';
import { noun, type Route } from '../zod-app.ts';
import { toPart, toReceivers } from './audiences.ts';
import { answer } from '../document/answer.ts';
import { ObjectParams } from './schemas/object.ts';
import { problems } from '../document/problems.ts';
import {
  REVOCATIONS_MAX,
  Revocations,
  RevocationsAnswer,
  ShareAnswer,
  SharesAnswer,
  SharesQuery,
} from './schemas/share.ts';

const tags = ['Sharing'];
const RED = tlpRank('red');

const list: Route = (app, services) => {
  app.get(
    '/shares',
    {
      config: { access: PUBLISHERS, inExercises: true, reads: true, isList: true },
      schema: {
        operationId: 'listShares',
        summary: 'List what your organisation shares, and with whom',
        description:
          'The current version of each object, without its content, in the order of the ids; an object without versions has an entry for each audience with different content or ' +
          'a different level. Only users with RED clearance see TLP:RED objects. A page may ' +
          'have fewer objects than `limit`: continue while `next` is not null.',
        tags,
        querystring: SharesQuery,
        response: { 200: answer('A page of them', SharesAnswer), ...problems(400, 401, 403) },
      },
    },
    async (request) => {
      const { after = '', limit } = request.query;
      const page = { after, limit };
      const { shares, next } = await readShares(readingOf(services, request), page);
      return { shares: shares.map(toShare), next: next ?? null };
    },
  );
};

const get: Route = (app, services) => {
  app.get(
    '/shares/:id',
    {
      config: { access: PUBLISHERS, inExercises: true, reads: true },
      schema: {
        operationId: 'getShare',
        summary: 'List who sees an object that your organisation shares',
        description:
          'Lists who can see it now, and why others cannot. An object without versions has an ' +
          'entry for each audience with different content or a different level. The answer ' +
          'does not reveal the members of a group that hides them from you.',
        tags,
        params: ObjectParams,
        response: {
          200: answer('With whom you share it, and who sees it', ShareAnswer),
          ...problems(400, 401, 403, 404),
        },
      },
    },
    async (request) => {
      const found = await readShare(readingOf(services, request), request.params.id);
      const shares = found.map((share) => ({
        ...toShare(share),
        ...toReceivers(share.organisations),
      }));
      return { id: request.params.id, shares };
    },
  );
};

const revokeMany: Route = (app, services) => {
  app.post(
    '/shares/revoke',
    {
      config: { access: PUBLISHERS, inExercises: true, body: 'list' },
      schema: {
        operationId: 'revokeObjects',
        summary: 'Revoke many objects that your organisation shares',
        description:
          `At most ${REVOCATIONS_MAX} in one request. Objects are revoked one by one, in the given order: a rejected ` +
          'object does not affect the others. If the request fails before the end, the problem ' +
          'has the `results` so far.',
        tags,
        body: Revocations,
        response: {
          200: answer('The outcome of each object', RevocationsAnswer),
          ...problems(400, 401, 403, 409, 413, 415, 503),
        },
      },
    },
    async (request) => {
      const results: Result[] = [];
      try {
        for (const [index, id] of request.body.ids.entries()) {
          results.push({ index, id, ...(await revokeOne(services, request, id)) });
        }
      } catch (error) {
        throw results.length === 0 ? error : stoppedAfter(results, error);
      }
      return { summary: summaryOf(results), results };
    },
  );
};

/** `/shares`: what an organisation shares at present, and with whom. */
export const shares = noun(list, get, revokeMany);

type Result = z.infer<typeof RevocationsAnswer>['results'][number];

/** What concerns one object, and leaves the others alone. */
const OF_ONE: ReadonlySet<string> = new Set(['not_found', 'revocation_impossible']);

async function revokeOne(
  services: Services,
  request: FastifyRequest,
  stixId: string,
): Promise<Omit<Result, 'index' | 'id'>> {
  const { sharing } = services;
  try {
    // What the caller may do can change on the way; what was revoked before stays so.
    await withRenewal(
      () => revoke(sharing, { member: memberOf(request), stixId, requestId: request.id }),
      () => readmit(services, request),
    );
    return { outcome: 'revoked' };
  } catch (error) {
    if (!(error instanceof Problem) || !OF_ONE.has(error.code)) throw error;
    // A request that is sent again, because its answer was lost, says the same as the first.
    if (error.extra['reason'] === 'revoked_is_final') return { outcome: 'unchanged' };
    return { outcome: 'rejected', code: error.code, detail: error.message };
  }
}

function summaryOf(results: readonly Result[]): Record<Result['outcome'], number> {
  const summary = { revoked: 0, unchanged: 0, rejected: 0 };
  for (const { outcome } of results) summary[outcome]++;
  return summary;
}

/** The same problem, with what was done before it. */
function stoppedAfter(results: readonly Result[], error: unknown): Problem {
  const { code, message, path, extra } = toProblem(error);
  const detail = `${asSentence(message)} The objects in \`results\` were done before; send the others again`;
  return new Problem(code, detail, {
    ...(path === undefined ? {} : { path }),
    extra: { ...extra, summary: summaryOf(results), results },
    cause: error,
  });
}

function toShare({ stixId, type, modified, sharedAt, revoked, tlp, parts }: AddressedShare) {
  return {
    id: stixId,
    type,
    modified: modified.toISOString(),
    shared_at: sharedAt.toISOString(),
    revoked,
    tlp: TLP_ORDER[tlp] ?? 'red',
    through_keys: tlp < RED,
    audience: parts.map(toPart),
  };
}
