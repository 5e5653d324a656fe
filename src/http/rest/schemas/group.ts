import { z } from 'zod';
import { ADMISSIONS } from '../../../sharing/group.ts';
import { Line, Name, NameOrSlug, Slug } from './member.ts';

const description = Line.max(200);
const slugs = z.array(Slug).max(1000);

export const NewCommunity = z
  .strictObject({
    slug: Slug,
    name: NameOrSlug,
    description: description.default(''),
    within: slugs.default([]).meta({ description: 'Communities that its members are in too' }),
    contains: slugs.default([]).meta({ description: 'Communities whose members are in it too' }),
  })
  .meta({ id: 'NewCommunity' });

export const CommunityParams = z.strictObject({
  slug: Slug.meta({ description: 'The slug of a community' }),
});

export const CommunityAnswer = z
  .object({
    slug: z.string(),
    name: z.string(),
    description: z.string(),
    within: z.array(z.string()).meta({ description: 'Communities that its members are in too' }),
  })
  .meta({ id: 'Community' });

export const CommunitiesAnswer = z.object({ communities: z.array(CommunityAnswer) });

const admission = z.enum(ADMISSIONS).meta({
  description:
    'Whether an organisation that others add is invited, or becomes a member at once. ' +
    'Only an administrator of the server can set `direct`',
});

export const NewGroup = z
  .strictObject({
    slug: Slug.meta({
      description:
        'The slug that you ask for, at most 56 characters. The server appends a hyphen and 6 random ' +
        'characters; read the slug from the answer. An administrator of the server gets the exact slug, ' +
        'of at most 63 characters',
    }),
    name: NameOrSlug,
    description: description.default(''),
    open: z
      .boolean()
      .default(false)
      .meta({ description: 'Whether any organisation may join without an invitation' }),
    hidden_members: z
      .boolean()
      .default(false)
      .meta({ description: 'Whether members see the group but not each other' }),
    admission: admission.default('invitation'),
    members: slugs.default([]).meta({ description: 'Besides your own organisation' }),
    owners: slugs.default([]).meta({ description: 'Besides your own organisation' }),
  })
  .meta({ id: 'NewSharingGroup' });

export const GroupChange = z
  .strictObject({
    name: Name.optional(),
    description: description.optional(),
    open: z.boolean().optional(),
    hidden_members: z.boolean().optional(),
    admission: admission.optional(),
  })
  .refine((change) => Object.keys(change).length > 0, 'Give at least one member to change.')
  .meta({ id: 'SharingGroupChange' });

export const GroupParams = z.strictObject({
  slug: Slug.meta({ description: 'The slug of a sharing group' }),
});

export const PartParams = GroupParams.extend({
  organisation: Slug.meta({ description: 'The slug of an organisation' }),
});

export const NewPart = z.strictObject({ organisation: Slug }).meta({ id: 'NewGroupPart' });

const parts = z.array(z.string()).nullable();

export const GroupAnswer = z
  .object({
    slug: z.string().meta({ description: 'The name of the group in paths and in audiences' }),
    name: z.string(),
    description: z.string(),
    open: z.boolean(),
    hidden_members: z.boolean(),
    admission,
    members: parts.meta({ description: 'Null where you cannot see them' }),
    owners: parts.meta({ description: 'Null where you cannot see them' }),
    invited_members: parts.meta({
      description: 'Organisations that have not answered yet. Null unless you own the group',
    }),
    invited_owners: parts.meta({
      description: 'Organisations that have not answered yet. Null unless you own the group',
    }),
    member: z.boolean().meta({ description: 'Whether your organisation is in it' }),
    owner: z.boolean().meta({ description: 'Whether your organisation owns it' }),
    invited: z
      .boolean()
      .meta({ description: 'Whether your organisation has an invitation to answer' }),
  })
  .meta({ id: 'SharingGroup' });

export const GroupsAnswer = z.object({ sharing_groups: z.array(GroupAnswer) });

export const GroupInvitationsAnswer = z.object({
  invitations: z.array(
    z
      .object({
        group: z.string().meta({ description: 'Slug of the sharing group' }),
        name: z.string(),
        description: z.string(),
        hidden_members: z.boolean(),
        part: z.enum(['member', 'owner']),
        invited_by: z
          .string()
          .nullable()
          .meta({ description: 'Slug of an organisation; null for the operator of the server' }),
        invited_at: z.iso.datetime(),
      })
      .meta({ id: 'SharingGroupInvitation' }),
  ),
});
