import { z } from 'zod';
import { REASONS, STEPS } from '../../../sharing/reach.ts';
import { TLP_ORDER } from '../../../stix/marking/tlp.ts';
import { Slug } from './member.ts';

const Tlp = z.enum(TLP_ORDER);
const slugs = z.array(z.string());

export const PreviewInput = z
  .strictObject({
    audience: z.array(z.string().min(1).max(63)).min(1).max(500).optional().meta({
      description:
        'Slugs of communities, sharing groups or organisations. Without it, your default community',
    }),
    tlp: Tlp.optional().meta({ description: 'The level; not with `objects`' }),
    objects: z
      .array(z.unknown())
      .max(1000)
      .optional()
      .meta({ description: 'STIX objects, as you would post them. They are not stored' }),
  })
  .refine(
    ({ tlp, objects }) => tlp === undefined || objects === undefined,
    'Give `tlp` or `objects`, not both.',
  )
  .meta({ id: 'AudiencePreviewWish' });

export const AudiencePart = z
  .object({
    kind: z.enum(['community', 'group', 'organisation', 'union']),
    slug: z.string(),
    members_told: z.boolean().meta({ description: 'Whether you may know who is in it' }),
  })
  .meta({ id: 'AudiencePart' });

const through = slugs.meta({
  description: 'The parts of the audience through which it would see them, if you may know them',
});
const reason = z.enum(REASONS).meta({ description: 'The first condition that is false' });

/** Which organisations see something, which do not, and of which that may not be known. */
export const receivers = {
  sees: z.array(z.object({ organisation: z.string(), through })),
  does_not_see: z.array(z.object({ organisation: z.string(), reason })),
  not_told: slugs.meta({
    description:
      'They see it if they are in a group of the audience whose members you may not know',
  }),
};

const Problem = z
  .object({ code: z.string(), path: z.string(), detail: z.string() })
  .meta({ description: 'Why it would be rejected' });

export const PreviewAnswer = z
  .object({
    audience: z.array(AudiencePart),
    levels: z
      .array(
        z.object({
          tlp: Tlp,
          objects: z
            .array(z.number().int())
            .meta({ description: 'Positions, from 0, of the objects with this level' }),
          through_keys: z.boolean().meta({
            description: 'False for TLP:RED, which no key, feed or webhook gives out',
          }),
          problem: Problem.nullable(),
          ...receivers,
        }),
      )
      .meta({ description: 'One for each level, the lowest first' }),
    rejected: z.array(
      z.object({
        index: z.number().int(),
        id: z.string().optional(),
        code: z.string(),
        path: z.string(),
        detail: z.string(),
      }),
    ),
  })
  .meta({ id: 'AudiencePreview' });

export const AccessQuery = z.strictObject({
  organisation: Slug.meta({ description: 'The slug of the organisation' }),
});

export const AccessAnswer = z
  .object({
    object: z.string(),
    organisation: z.string(),
    versions: z.array(
      z.object({
        shared_by: z.string(),
        modified: z.iso.datetime(),
        tlp: Tlp,
        revoked: z.boolean(),
        current: z.boolean().meta({ description: 'Whether its sharer has not shared a newer one' }),
        through_keys: z.boolean().meta({
          description: 'False for TLP:RED, which no key, feed or webhook gives out',
        }),
        audience: z.array(AudiencePart),
        sees: z.boolean().nullable().meta({
          description: 'Null if it depends on a group whose members you may not know',
        }),
        reason: reason.nullable(),
        chain: z.array(
          z.object({
            condition: z.enum(STEPS),
            met: z.boolean().nullable().meta({ description: 'Null if you may not know it' }),
            through: through.optional(),
          }),
        ),
      }),
    ),
  })
  .meta({ id: 'ObjectAccess' });
