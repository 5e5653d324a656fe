import { z } from 'zod';
import { DEFAULT_COMMUNITY, ORGANISATION_KINDS } from '../../../members/create.ts';
import { CONTACT_ROLES, STATUSES } from '../../../members/directory.ts';
import { isEmailAddress } from '../../../access/email.ts';
import { Line, Marking, Name, NameOrSlug, Slug } from './member.ts';

const country = z
  .string()
  .regex(/^[A-Z]{2}$/, 'must be two capital letters (ISO 3166-1), such as NO')
  .meta({ description: 'ISO 3166-1 alpha-2, such as NO' });

const identity = z
  .string()
  .regex(
    /^identity--[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
    'must be a STIX identity: `identity--` and a UUID in lower case',
  )
  .meta({ description: 'A STIX identity' });

/** Armoured text of a key: lines, and nothing else that would be unseen. */
const armour = z
  .string()
  .max(20_000)
  .regex(/^[\r\n\t\x20-\x7e]*$/, 'must be armoured text (PEM or OpenPGP)');

const email = z
  .string()
  .max(254)
  .refine((text) => text === '' || isEmailAddress(text), 'must be an e-mail address')
  .meta({ format: 'idn-email' });
const phone = z
  .string()
  .regex(
    /^[+0-9 ()./x-]{0,40}$/,
    'must be a telephone number such as +47 22 00 00 00, at most 40 characters',
  );

const Contact = z
  .strictObject({
    role: z.enum(CONTACT_ROLES),
    name: Name,
    email: email.default(''),
    phone: phone.default(''),
    pgp_key: armour.default(''),
    smime_certificate: armour.default(''),
    hours: Line.default('').meta({ description: 'When it can be reached, in words' }),
    shown: z.boolean().default(false).meta({ description: 'Whether every member can see it' }),
  })
  .meta({ id: 'Contact' });

const contacts = z.array(Contact).max(50);
const kind = z.enum(ORGANISATION_KINDS);
const status = z.enum(STATUSES);

export const NewOrganisation = z
  .strictObject({
    slug: Slug,
    name: NameOrSlug,
    kind: kind.default('allied_nation'),
    status: z.enum(['invited', 'active']).default('active'),
    country: country.optional(),
    identity: identity.optional().meta({ description: 'Tocsin creates one unless given' }),
    communities: z.array(Slug).max(100).default([DEFAULT_COMMUNITY]).meta({
      description: 'The organisation gets an agreement for each; the first is its default audience',
    }),
    ceiling: Marking.default('amber').meta({ description: 'Of these agreements' }),
    default_tlp: Marking.default('amber'),
  })
  .meta({ id: 'NewOrganisation' });

export const OrganisationChange = z
  .strictObject({
    name: Name.optional(),
    contacts: contacts.optional().meta({ description: 'All of them; any others are removed' }),
    default_community: Slug.optional(),
    default_tlp: Marking.optional(),
    status: status.optional().meta({ description: 'Only an admin can change it' }),
    country: country.nullable().optional().meta({ description: 'Only an admin can change it' }),
    identities: z.array(identity).max(100).optional().meta({
      description: 'All of them; any others are removed. Only an admin can change it',
    }),
  })
  .refine((change) => Object.keys(change).length > 0, 'Give at least one member to change.')
  .meta({ id: 'OrganisationChange' });

export const OrganisationAnswer = z
  .object({
    slug: z.string(),
    name: z.string(),
    kind,
    country: z.string().nullable(),
    identities: z.array(z.string()),
    contacts: z.array(Contact),
    status: status.optional().meta({ description: 'For admins, and of your own organisation' }),
    default_community: z.string().nullable().optional(),
    default_tlp: Marking.optional(),
  })
  .meta({ id: 'Organisation' });

export const OrganisationsAnswer = z.object({ organisations: z.array(OrganisationAnswer) });
