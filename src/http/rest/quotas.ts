import { z } from 'zod';
import { readUsage } from '../../indicators/daily-bytes.ts';
import { readOrganisation, seesAll, unknownOrganisation } from '../../members/directory.ts';
import { administratorOf, ORG_ADMINS } from '../auth/access.ts';
import type { Services } from '../context.ts';
import { noun, type Route } from '../zod-app.ts';
import { answer } from '../document/answer.ts';
import { OrganisationParams } from './schemas/member.ts';
import { problems } from '../document/problems.ts';

const Quota = z.object({ used: z.number().int(), limit: z.number().int() });

/** What an organisation has used of its quotas. */
export const QuotasAnswer = z
  .object({
    bytes_today: Quota.extend({ resets_at: z.iso.datetime() }),
    audiences: Quota,
    subscriptions: Quota,
    keys: Quota,
    users: Quota,
  })
  .meta({ id: 'Quotas' });

/** What an organisation has used of its quotas by now. */
export async function quotasOf(
  { db, clock, quotas }: Services,
  organisationId: number,
): Promise<z.infer<typeof QuotasAnswer>> {
  const used = await readUsage(db, organisationId, clock.now());
  const resetsAt = used.resetsAt.toISOString();
  return {
    bytes_today: { used: used.bytes, limit: quotas.bytesPerDay, resets_at: resetsAt },
    audiences: { used: used.audiences, limit: quotas.audiences },
    subscriptions: { used: used.subscriptions, limit: quotas.subscriptions },
    keys: { used: used.keys, limit: quotas.keys },
    users: { used: used.users, limit: quotas.users },
  };
}

const read: Route = (app, services) => {
  app.get(
    '/organisations/:slug/quotas',
    {
      config: { access: ORG_ADMINS },
      schema: {
        operationId: 'getQuotas',
        summary: 'Show what an organisation has used of its quotas',
        description:
          'An admin can read the quotas of every organisation, an org_admin those of its own.',
        tags: ['Members'],
        params: OrganisationParams,
        response: {
          200: answer('Used, and the limits', QuotasAnswer),
          ...problems(400, 401, 403, 404),
        },
      },
    },
    async (request) => {
      const { slug } = request.params;
      const by = administratorOf(request);
      if (!seesAll(by, slug)) throw unknownOrganisation(slug);
      const { id } = await readOrganisation(services.db, by, slug);
      return quotasOf(services, id);
    },
  );
};

/** `/organisations/{slug}/quotas`. */
export const quotas = noun(read);
