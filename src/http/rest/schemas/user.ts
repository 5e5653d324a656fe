import { z } from 'zod';
import { NextPage, PageLimit } from '../page.ts';
import { isEmailAddress } from '../../../access/email.ts';
import { PASSWORD_MAX, PASSWORD_MIN } from '../../../access/passwords.ts';
import { USER_ROLES } from '../../../access/user-acts.ts';
import { Name, Slug } from './member.ts';

export const Email = z
  .string()
  .max(254)
  .refine(isEmailAddress, 'must be an e-mail address')
  // One address has one form: letters with accents can be written in two ways.
  .overwrite((text) => text.normalize('NFC'))
  .meta({ format: 'idn-email', description: 'Upper and lower case are the same' });

/** A new password. Only its length is limited. */
export const NewPassword = z
  .string()
  .max(2 * PASSWORD_MAX)
  .refine(
    (text) => {
      const { length } = Array.from(text.normalize('NFKC'));
      return length >= PASSWORD_MIN && length <= PASSWORD_MAX;
    },
    { error: `must have ${PASSWORD_MIN} to ${PASSWORD_MAX} characters` },
  )
  .meta({ description: `Any text of ${PASSWORD_MIN} to ${PASSWORD_MAX} characters` });

const UserRole = z.enum(USER_ROLES);

export const NewUser = z
  .strictObject({
    organisation: Slug.optional().meta({
      description: 'The organisation of the user; your own unless given',
    }),
    email: Email,
    name: Name.optional().meta({ description: 'The address unless given' }),
    role: UserRole.meta({ description: 'Not stronger than your own' }),
    red_clearance: z.boolean().default(false).meta({
      description:
        'Whether the user can see TLP:RED. Only users who can see it, and admins, can grant it',
    }),
  })
  .meta({ id: 'NewUser' });

export const UserChange = z
  .strictObject({
    name: Name.optional(),
    role: UserRole.optional(),
    red_clearance: z.boolean().optional(),
    status: z.enum(['active', 'disabled']).optional(),
  })
  .refine((change) => Object.keys(change).length > 0, 'Give at least one member to change.')
  .meta({ id: 'UserChange' });

export const UserParams = z.strictObject({
  id: z.uuid().meta({ description: 'The id of a user' }),
});

export const UserSessionParams = UserParams.extend({
  session: z.uuid().meta({ description: 'The id of a session' }),
});

export const UsersQuery = z.strictObject({
  organisation: Slug.optional().meta({ description: 'Only those of this organisation' }),
  after: z.uuid().optional().meta({ description: '`next` of the previous page' }),
  limit: PageLimit,
});

export const UserAnswer = z
  .object({
    id: z.string(),
    organisation: z.string(),
    email: z.string(),
    name: z.string(),
    role: UserRole,
    red_clearance: z.boolean(),
    status: z.enum(['invited', 'active', 'disabled']),
    second_factor: z.boolean(),
    single_sign_on: z
      .boolean()
      .meta({ description: 'Whether the user is linked to the identity provider' }),
    created_at: z.iso.datetime(),
    last_sign_in_at: z.iso.datetime().nullable(),
  })
  .meta({ id: 'User' });

export const UsersAnswer = z.object({ users: z.array(UserAnswer), next: NextPage });

export const InvitedAnswer = UserAnswer.extend({
  invitation: z.object({
    token: z.string().meta({ description: 'Shown only once' }),
    link: z.string().meta({ description: 'The same as a link, to send to that person' }),
    expires_at: z.iso.datetime(),
  }),
}).meta({ id: 'InvitedUser' });

export const Acceptance = z
  .strictObject({ token: z.string().min(1).max(200), password: NewPassword })
  .meta({ id: 'Acceptance' });

export const AcceptedAnswer = z.object({ email: z.string() }).meta({ id: 'Accepted' });
