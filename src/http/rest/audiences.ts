import { preview, type Level, type Preview } from '../../indicators/preview.ts';
import { explainAccess, type Explanation } from '../../reading/access.ts';
import type { KnownPart } from '../../sharing/reach.ts';
import { TLP_ORDER, tlpRank, type Tlp } from '../../stix/marking/tlp.ts';
import { memberOf, PUBLISHERS } from '../auth/access.ts';
import { readingOf } from '../member-reading.ts';
import { noun, type Route } from '../zod-app.ts';
import { answer } from '../document/answer.ts';
import { ObjectParams } from './schemas/object.ts';
import { AccessAnswer, AccessQuery, PreviewAnswer, PreviewInput } from './schemas/preview.ts';
import { problems } from '../document/problems.ts';

const RED = tlpRank('red');

const ask: Route = (app, services) => {
  app.post(
    '/audiences/preview',
    {
      config: { access: PUBLISHERS, inExercises: true, body: 'list' },
      schema: {
        operationId: 'previewAudience',
        summary: 'List who would see what you post with an audience',
        description:
          'Also says why the others would not, at this moment. Nothing is stored. If the ' +
          'members of a group are hidden from you, the answer does not reveal them.',
        tags: ['Sharing'],
        body: PreviewInput,
        response: {
          200: answer('Who would see it, for each marking', PreviewAnswer),
          ...problems(400, 401, 403, 415),
        },
      },
    },
    async (request) => {
      const { audience, tlp, objects } = request.body;
      const slugs = audience?.map((slug) => slug.trim().toLowerCase());
      const rank = tlp && tlpRank(tlp);
      const member = memberOf(request);
      const input = { member, audience: slugs, objects, tlp: rank };
      return toPreview(await preview(services.sharing, input));
    },
  );
};

const access: Route = (app, services) => {
  app.get(
    '/objects/:id/access',
    {
      config: { access: PUBLISHERS, reads: true, inExercises: true },
      schema: {
        operationId: 'getObjectAccess',
        summary: 'Explain why an organisation can or cannot see an object',
        description:
          'The organisation that shares the object gets its own versions; admins get all. Each ' +
          'version has the conditions for seeing it, in order.',
        tags: ['Sharing'],
        params: ObjectParams,
        querystring: AccessQuery,
        response: {
          200: answer('Up to 100 versions, newest first', AccessAnswer),
          ...problems(400, 401, 403, 404),
        },
      },
    },
    async (request) => {
      const { id } = request.params;
      const { organisation } = request.query;
      const reading = readingOf(services, request);
      const found = await explainAccess(reading, { stixId: id, organisation });
      return { object: id, organisation, versions: found.map(toVersion) };
    },
  );
};

/** `POST /audiences/preview` and `GET /objects/{id}/access`: who sees what, and why. */
export const audiences = noun(ask, access);

function toPreview({ parts, levels, rejections }: Preview) {
  return {
    audience: parts.map(toPart),
    levels: levels.map(toLevel),
    rejected: rejections.map(({ id, ...rejection }) =>
      id === undefined ? rejection : { id, ...rejection },
    ),
  };
}

function toLevel({ tlp, indexes, fault, organisations }: Level) {
  return {
    tlp: tlpOf(tlp),
    objects: [...indexes],
    through_keys: tlp < RED,
    problem: fault ?? null,
    ...toReceivers(organisations),
  };
}

/** Who sees it, who does not and why, and of whom that may not be known. */
export function toReceivers(organisations: Level['organisations']) {
  return {
    sees: organisations
      .filter(({ sees }) => sees === true)
      .map(({ slug, through }) => ({ organisation: slug, through: [...through] })),
    does_not_see: organisations.flatMap(({ slug, sees, reason }) =>
      sees === false && reason !== undefined ? [{ organisation: slug, reason }] : [],
    ),
    not_told: organisations.filter(({ sees }) => sees === null).map(({ slug }) => slug),
  };
}

function toVersion({ sharer, modified, tlp, revoked, current, ...told }: Explanation) {
  return {
    shared_by: sharer,
    modified: modified.toISOString(),
    tlp: tlpOf(tlp),
    revoked,
    current,
    through_keys: tlp < RED,
    audience: told.parts.map(toPart),
    sees: told.sees,
    reason: told.reason ?? null,
    chain: told.steps.map(({ step, met, through }) => ({
      condition: step,
      met,
      ...(through === undefined ? {} : { through: [...through] }),
    })),
  };
}

/** A part of an audience, and whether its members may be known. */
export function toPart({ kind, slug, told }: KnownPart) {
  return { kind, slug, members_told: told };
}

function tlpOf(rank: number): Tlp {
  return TLP_ORDER[rank] ?? 'red';
}
