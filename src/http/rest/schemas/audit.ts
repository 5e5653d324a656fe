import { z } from 'zod';

const PAGE_DEFAULT = 100;
const PAGE_MAX = 1000;

const place = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const Hash = z.string().meta({ description: 'SHA-256, in base64' });

export const AuditQuery = z.strictObject({
  from: place.default(0).meta({ description: 'The position from which to continue' }),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(PAGE_MAX)
    .default(PAGE_DEFAULT)
    .meta({ description: 'The maximum number of entries in a page' }),
});

export const AuditAnswer = z
  .object({
    entries: z.array(
      z.object({
        position: z.number().int().meta({ description: 'Its position in the tree' }),
        at: z.iso.datetime(),
        organisation: z
          .string()
          .nullable()
          .meta({ description: 'The organisation that it is about' }),
        realm: z.string().nullable().meta({ description: 'The realm of the act' }),
        actor: z.string().meta({ description: 'The key, subscription or command that did it' }),
        action: z.string(),
        request_id: z.string().nullable(),
        address: z.string().nullable().meta({
          description: 'The address of the client. Administrators see all, members see their own',
        }),
        address_salt: z.string().nullable().meta({
          description: 'The entry contains SHA-256 of this, a line feed and the address',
        }),
        detail: z.looseObject({}),
        entry: z.string().meta({ description: 'The exact text whose hash is the leaf' }),
      }),
    ),
    next: z.number().int().meta({ description: 'Use it as `from` for the next page' }),
    more: z.boolean(),
  })
  .meta({ id: 'Audit' });

export const ProofQuery = z
  .strictObject({
    position: place
      .optional()
      .meta({ description: 'Of the entry whose inclusion is to be proven' }),
    from: place.optional().meta({ description: 'The size of the older tree, for consistency' }),
    size: place.min(1).meta({ description: 'The size of the tree: that of a checkpoint' }),
  })
  .refine(({ position, from }) => (position === undefined) !== (from === undefined), {
    message: 'Give either `position` or `from`.',
  });

export const ProofAnswer = z
  .object({
    position: z.number().int().optional(),
    from: z.number().int().optional(),
    size: z.number().int(),
    leaf: Hash.optional().meta({ description: 'The leaf of the entry' }),
    hashes: z.array(Hash).meta({ description: 'RFC 6962 §2.1.1 or §2.1.2, in its order' }),
  })
  .meta({ id: 'AuditProof' });

export const PartQuery = AuditQuery.extend({
  size: place.meta({ description: 'The size of a checkpoint' }),
});

export const PartAnswer = z
  .object({
    organisation: z.number().int().meta({ description: 'Your number: the slot in the map' }),
    size: z.number().int(),
    part: z.object({
      slots: z.number().int().meta({ description: 'Of the map, as the checkpoint says' }),
      count: z.number().int().meta({ description: 'Of the leaves about your organisation' }),
      head: Hash.meta({ description: 'Of the chain over those leaves, in base64' }),
      blind: z.string().meta({ description: 'The blind of your slot in the map, in base64' }),
      hashes: z.array(Hash).meta({ description: 'RFC 6962 §2.1.1, in its order' }),
    }),
    leaves: z.array(
      z.object({
        position: z.number().int(),
        id: z.string(),
        month: z.string(),
        entry_hash: z.string().meta({ description: 'SHA-256 of the entry, in hexadecimal' }),
      }),
    ),
    next: z.number().int().meta({ description: 'Use as `from` for the next page' }),
    more: z.boolean(),
  })
  .meta({ id: 'AuditPart' });

export const CheckpointAnswer = z
  .object({
    checkpoint: z.string().meta({ description: 'The signed note' }),
    keys: z.array(z.string()).meta({ description: 'Who signs now, as C2SP signed-note vkeys' }),
  })
  .meta({ id: 'AuditCheckpoint' });
