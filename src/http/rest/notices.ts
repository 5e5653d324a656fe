import { z } from 'zod';
import { readNotices } from '../../members/notices.ts';
import { readResets } from '../../access/reset-notices.ts';
import type { AccountReset } from '../../store/access/account-resets.ts';
import { administratorOf, ORG_ADMINS } from '../auth/access.ts';
import { noun, type Route } from '../zod-app.ts';
import { toNotice } from './member-answers.ts';
import { answer } from '../document/answer.ts';
import { problems } from '../document/problems.ts';
import { ResetType } from './schemas/session.ts';

const NoticesAnswer = z
  .object({
    notices: z.array(
      z.object({
        type: z.enum(['agreement.expiring', 'key.expiring']),
        organisation: z.string(),
        subject: z.string().meta({ description: 'The id of the agreement or key' }),
        days: z.number().int().meta({ description: 'It ends within this many days: 30, 7 or 1' }),
        ends_at: z.iso.datetime(),
        noticed_at: z.iso.datetime().nullable().meta({
          description: 'When the server last logged a reminder; `null` before the first one',
        }),
      }),
    ),
    more: z.boolean().meta({ description: 'Whether there are more than 500' }),
    accounts: z
      .array(
        z.object({
          type: ResetType,
          organisation: z.string(),
          user: z.string(),
          email: z.string(),
          by: z.string().meta({ description: 'The key, user or command that did it' }),
          at: z.iso.datetime(),
        }),
      )
      .meta({ description: 'Accounts that an administrator reset in the last month' }),
  })
  .meta({ id: 'Notices' });

const list: Route = (app, services) => {
  app.get(
    '/notices',
    {
      config: { access: ORG_ADMINS },
      schema: {
        operationId: 'listNotices',
        summary: 'List notices',
        description:
          'Agreements and keys that end within 30 days, unless a successor begins in time; and ' +
          'accounts that an administrator has reset. An admin sees all notices, an org_admin those ' +
          'of its organisation.',
        tags: ['Members'],
        response: { 200: answer('Soonest first', NoticesAnswer), ...problems(401, 403) },
      },
    },
    async (request) => {
      const by = administratorOf(request);
      const now = services.clock.now();
      const { notices: found, more } = await readNotices(services.db, by, now);
      const resets = await readResets(services.db, by, now);
      return { notices: found.map(toNotice), more, accounts: resets.map(toAccount) };
    },
  );
};

function toAccount({ kind, organisation, userId, email, actor, at }: AccountReset) {
  const type = `account.${kind}_reset` as const;
  return { type, organisation, user: userId, email, by: actor, at: at.toISOString() };
}

/** `GET /notices`: what administrators should know. */
export const notices = noun(list);
