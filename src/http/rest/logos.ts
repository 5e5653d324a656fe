import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Problem } from '../../errors.ts';
import { changeLogo, LOGO_BYTES_MAX, readLogo, removeLogo } from '../../members/logo.ts';
import { administratorOf, ANALYSTS, ORG_ADMINS } from '../auth/access.ts';
import { wholeBody } from '../body/read.ts';
import type { Bodies } from '../document/document.ts';
import { sendRaw } from '../edge/raw.ts';
import { noun, type Route } from '../zod-app.ts';
import { OrganisationParams } from './schemas/member.ts';
import { problems } from '../document/problems.ts';

const tags = ['Members'];
const params = OrganisationParams;
const PICTURE = { type: 'string', format: 'binary' };
const PICTURES: Bodies = { 'image/png': PICTURE, 'image/jpeg': PICTURE };

/** Whatever is said to be in the picture, nothing of it runs or loads anything. */
const POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'";

const read: Route = (app, services) => {
  const schema = z.string().meta({ format: 'binary' });
  app.get(
    '/organisations/:slug/logo',
    {
      config: { access: ANALYSTS },
      schema: {
        operationId: 'getLogo',
        summary: 'Get the logo of an organisation',
        tags,
        params,
        response: {
          200: {
            description: 'The picture',
            content: { 'image/png': { schema }, 'image/jpeg': { schema } },
          },
          ...problems(401, 403, 404),
        },
      },
    },
    async (request, reply) => {
      const by = administratorOf(request);
      const { mediaType, content } = await readLogo(services.db, by, request.params.slug);
      reply.header('content-security-policy', POLICY);
      await sendRaw(reply, mediaType, Buffer.from(content));
    },
  );
};

const put: Route = (app, services) => {
  app.addContentTypeParser(
    // Pictures, and what is sent in their place, so as to say what is wrong with it.
    /^(image\/|application\/(octet-stream|xml)|text\/xml)/,
    async (request: FastifyRequest) => wholeBody(services, request),
  );
  app.put(
    '/organisations/:slug/logo',
    {
      config: { access: ORG_ADMINS, takes: PICTURES, body: 'picture' },
      schema: {
        operationId: 'putLogo',
        summary: 'Set the logo of an organisation',
        description:
          `PNG or JPEG of at most ${LOGO_BYTES_MAX} bytes, by what its bytes say. An org_admin ` +
          'can change the logo of its own organisation.',
        tags,
        params,
        response: {
          204: z.null().meta({ description: 'The logo is set' }),
          ...problems(400, 401, 403, 404, 413, 415),
        },
      },
    },
    async (request, reply) => {
      if (!Buffer.isBuffer(request.body)) {
        throw new Problem('body_missing', 'Send a picture as image/png or image/jpeg');
      }
      const by = administratorOf(request);
      await changeLogo(services.db, by, request.params.slug, request.body);
      return reply.code(204).send(null);
    },
  );
};

const remove: Route = (app, services) => {
  app.delete(
    '/organisations/:slug/logo',
    {
      config: { access: ORG_ADMINS },
      schema: {
        operationId: 'deleteLogo',
        summary: 'Delete the logo of an organisation',
        tags,
        params,
        response: { 204: z.null().meta({ description: 'Deleted' }), ...problems(401, 403, 404) },
      },
    },
    async (request, reply) => {
      await removeLogo(services.db, administratorOf(request), request.params.slug);
      return reply.code(204).send(null);
    },
  );
};

/** `/organisations/{slug}/logo` */
export const logos = noun(read, put, remove);
