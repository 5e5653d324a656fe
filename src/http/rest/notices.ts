import { z } from 'zod';
import { readNotices } from '../../organisations/notices.ts';
import { administratorOf, ORG_ADMINS } from '../access.ts';
import { noun, type Route } from '../zod-app.ts';
import { answer } from './schemas/answer.ts';
import { problems } from './schemas/problem.ts';

const NoticesAnswer = z
  .object({
    notices: z.array(
      z.object({
        id: z.string().meta({ description: 'Of this notice: it is given once' }),
        type: z.enum(['agreement.expiring', 'key.expiring']),
        organisation: z.string(),
        subject: z.string().meta({ description: 'The id of the agreement or key' }),
        days: z.number().int().meta({ description: 'It ends within 30, 7 or 1 of them' }),
        ends_at: z.iso.datetime(),
        noticed_at: z.iso.datetime(),
      }),
    ),
    more: z.boolean().meta({ description: 'Whether there are more than 500' }),
  })
  .meta({ id: 'Notices' });

const list: Route = (app, services) => {
  app.get(
    '/notices',
    {
      config: { access: ORG_ADMINS },
      schema: {
        operationId: 'listNotices',
        summary: 'Agreements and keys that end soon',
        description:
          'Told once 30, 7 and 1 days ahead, unless something follows that begins in time. An ' +
          'admin sees all of them, an org_admin those of its organisation.',
        tags: ['Members'],
        response: { 200: answer('The soonest first', NoticesAnswer), ...problems(401, 403) },
      },
    },
    async (request) => {
      const by = administratorOf(request);
      const { notices: found, more } = await readNotices(services.db, by, services.clock.now());
      const told = found.map(({ kind, endsAt, noticedAt, ...notice }) => ({
        ...notice,
        type: kind,
        ends_at: endsAt.toISOString(),
        noticed_at: noticedAt.toISOString(),
      }));
      return { notices: told, more };
    },
  );
};

/** `GET /notices`: what ends soon. */
export const notices = noun(list);
