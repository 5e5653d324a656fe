import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { ROLES, type Role, type SignedIn } from '../../sharing/member.ts';
import { TLP_ORDER } from '../../stix/marking/tlp.ts';
import { lacksSecondFactor } from '../../access/authenticate.ts';
import { readOwnAudiences } from '../../members/directory.ts';
import { memberOf, READERS } from '../auth/access.ts';
import type { Services } from '../context.ts';
import { answer } from '../document/answer.ts';
import { quotasOf, QuotasAnswer } from './quotas.ts';
import { problems } from '../document/problems.ts';

const MeAnswer = z
  .object({
    organisation: z.object({
      slug: z.string(),
      name: z.string(),
      identities: z.array(z.string()).meta({ description: 'Its own STIX identities' }),
    }),
    realm: z
      .object({ slug: z.string(), name: z.string() })
      .meta({ description: 'Production, or the exercise that the key is for' }),
    key: z
      .object({ id: z.string(), role: z.enum(ROLES) })
      .nullable()
      .meta({ description: 'Null for a user' }),
    user: z
      .object({
        id: z.string(),
        email: z.string(),
        name: z.string(),
        role: z.enum(ROLES),
        red_clearance: z.boolean(),
        second_factor: z.boolean(),
        second_factor_required: z.boolean().meta({
          description: 'Whether you must set up a second factor before you can do anything else',
        }),
        session: z.string().meta({ description: 'The id of this session' }),
      })
      .nullable()
      .meta({ description: 'Null for a key' }),
    audiences: z.array(z.object({ kind: z.string(), slug: z.string(), name: z.string() })),
    tlp_ceiling: z.enum(TLP_ORDER).meta({ description: 'The highest marking you may see' }),
    quotas: QuotasAnswer.nullable().meta({
      description: 'What your organisation has used of its quotas; null unless you administer it',
    }),
  })
  .meta({ id: 'Me' });

/** `GET /me`: whose key or session this is, and what it may see. */
export const me: FastifyPluginCallbackZod<{ services: Services }> = (app, { services }, done) => {
  app.get(
    '/me',
    {
      config: { access: READERS, inExercises: true, withoutSecondFactor: true, isShort: true },
      schema: {
        operationId: 'getMe',
        summary: 'Show who you are and what you may see',
        tags: ['Members'],
        response: { 200: answer('You', MeAnswer), ...problems(401, 403) },
      },
    },
    async (request) => {
      const member = memberOf(request);
      const { organisation, realm, keyId, user, role, viewer } = member;
      const { slug, name, identities } = organisation;
      return {
        organisation: { slug, name, identities: [...identities] },
        realm: { slug: realm.slug, name: realm.name },
        key: keyId === undefined ? null : { id: keyId, role },
        user:
          user === undefined
            ? null
            : {
                ...toUser(user),
                second_factor_required: services.secondFactorRequired && lacksSecondFactor(member),
                role,
              },
        audiences: await readOwnAudiences(services.db, viewer),
        tlp_ceiling: TLP_ORDER[viewer.ceiling] ?? 'clear',
        quotas: ADMINISTRATORS.has(role) ? await quotasOf(services, viewer.organisationId) : null,
      };
    },
  );
  done();
};

const ADMINISTRATORS: ReadonlySet<Role> = new Set(['admin', 'org_admin']);

function toUser({ id, email, name, redClearance, hasSecondFactor, sessionId }: SignedIn) {
  return {
    id,
    email,
    name,
    red_clearance: redClearance,
    second_factor: hasSecondFactor,
    session: sessionId,
  };
}
