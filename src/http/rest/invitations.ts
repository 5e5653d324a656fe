import { describeInvitation } from '../../access/invitation-view.ts';
import { clientOf } from '../edge/client.ts';
import { noun, type Route } from '../zod-app.ts';
import { answer } from '../document/answer.ts';
import { InvitationAnswer, InvitationToken } from './schemas/invitation.ts';
import { problems } from '../document/problems.ts';

const describe: Route = (app, services) => {
  app.post(
    '/invitations/describe',
    {
      config: { access: 'public' },
      schema: {
        operationId: 'describeInvitation',
        summary: 'Show whose invitation a token belongs to',
        description:
          'For the person who has the token, before they accept. Send the token in the body, ' +
          'so that no URL contains it.',
        tags: ['Sessions'],
        body: InvitationToken,
        response: {
          200: answer('The user, and until when the token is valid', InvitationAnswer),
          ...problems(400, 415, 429),
        },
      },
    },
    async (request) => {
      const { address } = clientOf(request);
      const { token } = request.body;
      const found = await services.signInDesk.limited('sign_in', { address }, () =>
        describeInvitation(services, token),
      );
      return {
        organisation: found.organisation,
        email: found.email,
        name: found.name,
        role: found.role,
        invited_by: found.invitedBy,
        expires_at: found.expiresAt.toISOString(),
        resets_password: found.resetsPassword,
      };
    },
  );
};

/** `/invitations/describe`: what an invitation says before it is accepted. */
export const invitations = noun(describe);
