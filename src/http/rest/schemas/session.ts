import { z } from 'zod';
import { Slug } from './member.ts';
import { Email, NewPassword } from './user.ts';

/** A password as it is tried: whatever was typed, within limits. */
const Password = z.string().min(1).max(1024);

/** Of an authenticator, or a recovery code. */
const Code = z.string().min(6).max(40).meta({
  description: 'Six digits of an authenticator, or a recovery code',
});

const Kept = z.enum(['cookie', 'body']).meta({
  description:
    'Where the refresh token goes: to a script in the body, or to a browser in a cookie that no ' +
    'script reads',
});

export const SignInBody = z
  .strictObject({
    email: Email,
    password: Password,
    code: Code.optional(),
    organisation: Slug.optional().meta({
      description: 'For a person who has accounts in several organisations with the same password',
    }),
    realm: Slug.optional().meta({
      description: 'An exercise; the session is in production unless given',
    }),
    refresh_token_in: Kept.default('body'),
  })
  .meta({ id: 'SignIn' });

export const RefreshBody = z
  .strictObject({ refresh_token: z.string().min(1).max(200).optional() })
  .meta({ id: 'Refresh', description: 'Empty if the refresh token is in the cookie' });

export const ResetType = z.enum([
  'account.password_reset',
  'account.second_factor_reset',
  'account.identity_reset',
]);

export const TokensAnswer = z
  .object({
    access_token: z.string().meta({ description: 'Send it as a key: `Authorization: Bearer …`' }),
    token_type: z.literal('Bearer'),
    expires_in: z.number().int().meta({ description: 'Seconds' }),
    session: z.string().meta({ description: 'Its id' }),
    refresh_token: z
      .string()
      .optional()
      .meta({ description: 'Works once; absent if it is in a cookie' }),
    refresh_expires_at: z.iso.datetime(),
    notices: z
      .array(
        z.object({
          type: ResetType,
          by: z.string().meta({ description: 'The key, user or command that did it' }),
          at: z.iso.datetime(),
        }),
      )
      .meta({
        description:
          'What administrators have reset in your account in the last month. If you did not ' +
          'request it, inform your organisation',
      }),
  })
  .meta({ id: 'Tokens' });

export const SessionParams = z.strictObject({
  id: z.uuid().meta({ description: 'The id of a session' }),
});

export const SessionAnswer = z
  .object({
    id: z.string(),
    realm: z.string().meta({ description: '`production`, or an exercise' }),
    current: z.boolean().meta({ description: 'Whether it is the session of this request' }),
    started_by: z.enum(['password', 'single_sign_on']),
    client: z.string().meta({ description: 'The User-Agent that began it' }),
    address: z.string(),
    created_at: z.iso.datetime(),
    used_at: z.iso.datetime(),
    expires_at: z.iso.datetime(),
  })
  .meta({ id: 'Session' });

export const SessionsAnswer = z.object({ sessions: z.array(SessionAnswer) });

export const PasswordChange = z
  .strictObject({ current: Password, next: NewPassword })
  .meta({ id: 'PasswordChange' });

export const PasswordProof = z
  .strictObject({ password: Password.optional() })
  .meta({ id: 'PasswordProof', description: 'Your password, to prove again who you are' });

export const ProofBody = z
  .strictObject({ password: Password.optional(), code: Code.optional() })
  .meta({ id: 'Proof', description: 'Your password or a code, to prove again who you are' });

export const CodeBody = z.strictObject({ code: Code }).meta({ id: 'SecondFactorCode' });

export const EnrolmentAnswer = z
  .object({
    secret: z.string().meta({ description: 'In base32, shown only once' }),
    uri: z.string().meta({ description: 'The same as an otpauth link, for a QR code' }),
  })
  .meta({ id: 'Enrolment' });

export const RecoveryAnswer = z
  .object({
    recovery_codes: z
      .array(z.string())
      .meta({ description: 'Each works once instead of a code. They are shown only once' }),
  })
  .meta({ id: 'RecoveryCodes' });
