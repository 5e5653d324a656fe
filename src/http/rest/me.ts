import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { ROLES } from '../../sharing/member.ts';
import { TLP_ORDER } from '../../stix/tlp.ts';
import { findAudienceNames } from '../../store/audiences.ts';
import { memberOf, READERS } from '../access.ts';
import type { Services } from '../context.ts';
import { answer } from './schemas/answer.ts';
import { problems } from './schemas/problem.ts';

const MeAnswer = z
  .object({
    organisation: z.object({
      slug: z.string(),
      name: z.string(),
      identities: z.array(z.string()).meta({ description: 'STIX identities that are its own' }),
    }),
    realm: z
      .object({ slug: z.string(), name: z.string() })
      .meta({ description: 'Production, or the exercise that the key is for' }),
    key: z.object({ id: z.string(), role: z.enum(ROLES) }),
    audiences: z.array(z.object({ kind: z.string(), slug: z.string(), name: z.string() })),
    tlp_ceiling: z.enum(TLP_ORDER).meta({ description: 'The highest marking this key may see' }),
  })
  .meta({ id: 'Me' });

/** `GET /me`: whose key this is, and what it may see. */
export const me: FastifyPluginCallbackZod<{ services: Services }> = (app, { services }, done) => {
  app.get(
    '/me',
    {
      config: { access: READERS, inExercises: true },
      schema: {
        operationId: 'getMe',
        summary: 'Whose key this is and what it may see',
        tags: ['Members'],
        response: { 200: answer('You', MeAnswer), ...problems(401, 403) },
      },
    },
    async (request) => {
      const { organisation, realm, keyId, role, viewer } = memberOf(request);
      const { slug, name, identities } = organisation;
      return {
        organisation: { slug, name, identities: [...identities] },
        realm: { slug: realm.slug, name: realm.name },
        key: { id: keyId, role },
        audiences: await findAudienceNames(services.db, viewer.audiences),
        tlp_ceiling: TLP_ORDER[viewer.ceiling] ?? 'clear',
      };
    },
  );
  done();
};
