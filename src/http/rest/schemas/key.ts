import { z } from 'zod';
import { networkFault } from '../../../networks.ts';
import { ROLES } from '../../../sharing/member.ts';
import { NextPage, PageLimit } from '../page.ts';
import { Line, Slug, Time } from './member.ts';

const network = z
  .string()
  .superRefine((text, context) => {
    const message = networkFault(text);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  })
  .meta({ description: 'A CIDR' });

export const NewKey = z
  .strictObject({
    organisation: Slug.optional().meta({
      description: 'The organisation of the key; your own unless given',
    }),
    realm: Slug.optional().meta({
      description: 'The slug of an exercise, or `production`; your own realm unless given',
    }),
    role: z.enum(ROLES).meta({ description: 'Not stronger than your own' }),
    label: Line.default(''),
    expires_at: Time.nullable().default(null).meta({
      description:
        'When it ends: in the future, and no later than the key that you use. Null: at the same time as that key',
    }),
    networks: z.array(network).max(50).default([]).meta({
      description:
        'The networks that it may be used from, within those of the key that you use. Empty: the same',
    }),
  })
  .meta({ id: 'NewKey' });

const KeyId = z
  .string()
  .regex(/^[0-9a-f]{12}$/, 'must be the id of a key: the 12 hexadecimal digits after `tocsin_`')
  .meta({ description: 'The id of a key: the 12 digits after `tocsin_`' });

export const KeyParams = z.strictObject({ id: KeyId });

export const KeysQuery = z.strictObject({
  organisation: Slug.optional().meta({ description: 'Only those of this organisation' }),
  created_by: z
    .union([KeyId, z.uuid()])
    .optional()
    .meta({ description: 'Only keys that the key or user with this id created' }),
  after: KeyId.optional().meta({ description: '`next` of the previous page' }),
  limit: PageLimit,
});

export const KeyRotation = z
  .strictObject({
    overlap_seconds: z
      .number()
      .int()
      .min(0)
      .max(30 * 24 * 3600)
      .default(24 * 3600)
      .meta({
        description:
          'How long the old key remains valid. Use 0 if it has leaked: it is revoked at once, ' +
          'with every key that it created',
      }),
  })
  .meta({ id: 'KeyRotation' });

export const KeyAnswer = z
  .object({
    id: z.string(),
    organisation: z.string(),
    realm: z.string().meta({ description: '`production`, or the slug of an exercise' }),
    role: z.enum(ROLES),
    label: z.string(),
    networks: z.array(z.string()),
    created_at: z.iso.datetime(),
    expires_at: z.iso.datetime().nullable(),
    revoked_at: z.iso.datetime().nullable(),
    last_used_at: z.iso.datetime().nullable().meta({ description: 'To the minute' }),
    ends_with: z.string().nullable().meta({
      description: 'The id of the key that created it. It ends when that key ends',
    }),
    created_by: z
      .object({
        type: z.enum(['key', 'user', 'operator']),
        id: z.string().nullable(),
        name: z.string().nullable(),
      })
      .meta({
        description:
          'The key, by its id and label, or the user, by id and e-mail address. Null for the ' +
          'operator, and if it belongs to another organisation',
      }),
  })
  .meta({ id: 'Key' });

export const KeysAnswer = z.object({ keys: z.array(KeyAnswer), next: NextPage });

export const MintedKeyAnswer = KeyAnswer.extend({
  key: z.string().meta({ description: 'The key itself, shown only once' }),
}).meta({ id: 'CreatedKey' });
