import { z } from 'zod';

export const StixAnswer = z
  .looseObject({ type: z.string(), id: z.string() })
  .meta({ id: 'StixObject', description: 'A STIX 2.1 object, as it was posted' });

export const ObjectParams = z.strictObject({
  id: z
    .string()
    .max(300)
    .meta({ description: 'STIX id', example: 'indicator--5a2b1c3d-0000-4000-8000-000000000001' }),
});

export const VersionQuery = z.strictObject({
  version: z
    .union([z.literal('all'), z.iso.datetime({ offset: true })])
    .optional()
    .meta({ description: 'A `modified`, or `all`; the current version when left out' }),
});
