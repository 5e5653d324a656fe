import { z } from 'zod';
import { USER_ROLES } from '../../../access/user-acts.ts';

export const InvitationToken = z
  .strictObject({ token: z.string().min(1).max(200) })
  .meta({ id: 'InvitationToken' });

export const InvitationAnswer = z
  .object({
    organisation: z.object({ slug: z.string(), name: z.string() }),
    email: z.string(),
    name: z.string(),
    role: z.enum(USER_ROLES),
    invited_by: z.string().meta({
      description: 'The name of a user, an API key of an organisation, or the operator',
      examples: ['Ada Lovelace (CERT A)', 'an API key of CERT A', 'the operator of this server'],
    }),
    expires_at: z.iso.datetime(),
    resets_password: z.boolean().meta({
      description: 'Whether the user has accepted an invitation before, and sets a new password',
    }),
  })
  .meta({ id: 'Invitation' });
