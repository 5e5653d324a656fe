import { z } from 'zod';
import { AGREEMENT_KINDS } from '../../../members/agreements.ts';
import { PRODUCTION_SLUG } from '../../../sharing/realm.ts';
import { Line, Marking, Name, Slug, Time } from './member.ts';

const Document = z
  .strictObject({
    name: Name,
    sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits in lower case'),
  })
  .meta({ id: 'AgreementDocument', description: 'The hash of a signed document' });

const kind = z.enum(AGREEMENT_KINDS);
const id = z.number().int().min(1).max(2_147_483_647);

export const NewAgreement = z
  .strictObject({
    organisation: Slug,
    realm: Slug.default(PRODUCTION_SLUG).meta({
      description: '`production`, or the slug of an exercise',
    }),
    community: Slug.meta({
      description: 'A community of that realm; the community of an exercise has its slug',
    }),
    title: Name,
    reference: Line.default(''),
    kind: kind.default('mou'),
    ceiling: Marking.default('amber').meta({ description: 'The highest TLP level that it covers' }),
    valid_from: Time.nullable().default(null).meta({ description: 'Now unless given' }),
    valid_until: Time.nullable().default(null).meta({ description: 'None unless given' }),
    documents: z.array(Document).max(50).default([]),
    replaces: id
      .nullable()
      .default(null)
      .meta({ description: 'The agreement that ends when this one takes effect' }),
  })
  .meta({ id: 'NewAgreement' });

export const AgreementParams = z.strictObject({
  id: z.coerce.number().pipe(id).meta({ description: 'The id of an agreement' }),
});

export const AgreementsQuery = z.strictObject({
  organisation: Slug.optional().meta({ description: 'Only those of this organisation' }),
});

export const AgreementAnswer = z
  .object({
    id: z.number().int(),
    organisation: z.string(),
    realm: z.string().meta({ description: '`production`, or an exercise' }),
    community: z.string(),
    title: z.string(),
    reference: z.string(),
    kind,
    ceiling: Marking,
    documents: z.array(Document),
    valid_from: z.iso.datetime(),
    valid_until: z.iso.datetime().nullable(),
    approved_at: z.iso
      .datetime()
      .nullable()
      .meta({ description: 'Null while it waits for approval' }),
    ended_at: z.iso.datetime().nullable().meta({ description: 'When it was ended early' }),
    replaces: z.number().int().nullable(),
    approvals: z.array(
      z.object({
        key: z
          .string()
          .nullable()
          .meta({ description: 'The id of the key; null if a user approved' }),
        user: z
          .string()
          .nullable()
          .meta({ description: 'The id of the user; null if a key approved' }),
        at: z.iso.datetime(),
      }),
    ),
  })
  .meta({ id: 'Agreement' });

export const AgreementsAnswer = z.object({ agreements: z.array(AgreementAnswer) });
