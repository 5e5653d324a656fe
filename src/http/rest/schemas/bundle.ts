import { z } from 'zod';
import { SummaryAnswer } from '../../bundles/summary.ts';
import { TLP_ORDER } from '../../../stix/marking/tlp.ts';
import { flag } from './flag.ts';

/** Undefined where it is left out: what is given and names nobody is not the same. */
const slugs = z
  .union([z.string(), z.array(z.string())])
  .transform((given) =>
    [given]
      .flat()
      .flatMap((text) => text.split(','))
      .map((slug) => slug.trim().toLowerCase())
      .filter((slug) => slug !== ''),
  )
  .optional();

export const BundleQuery = z.strictObject({
  audience: slugs.meta({
    description:
      'Slugs of the communities, sharing groups or organisations to share with, repeated or ' +
      'separated by commas; left out: the default community of your organisation',
  }),
  atomic: flag.meta({ description: 'Store all objects or none' }),
  dry_run: flag.meta({ description: 'Return what would happen, without storing anything' }),
});
export type BundleOptions = z.output<typeof BundleQuery>;

export const Finding = z.object({
  code: z.string(),
  path: z.string(),
  detail: z.string(),
  clause: z.string().optional(),
});

export const ResultAnswer = z
  .object({
    index: z.number().int().meta({ description: 'Position in the request, from 0' }),
    id: z.string().optional(),
    outcome: z.enum(['created', 'updated', 'unchanged', 'stale', 'rejected']),
    code: z.string().optional(),
    path: z.string().optional().meta({ description: 'JSON path within the object' }),
    detail: z.string().optional(),
    tlp: z.enum(TLP_ORDER).optional().meta({
      description:
        'The level at which a new version is shared: that of its marking, or the default',
    }),
    duplicate_of: z.string().optional().meta({
      description: 'The id of an older indicator of yours that has the same pattern',
    }),
    warnings: z.array(Finding).optional(),
  })
  .meta({ id: 'ObjectResult' });

export const BundleAnswer = z
  .object({
    bundle: z.string().nullable(),
    dry_run: z.boolean(),
    warnings: z
      .array(Finding)
      .optional()
      .meta({ description: 'Warnings about the bundle itself, such as unknown members' }),
    summary: SummaryAnswer,
    results: z.array(ResultAnswer),
  })
  .meta({ id: 'BundleResult' });
