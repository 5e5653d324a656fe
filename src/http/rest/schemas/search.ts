import { z } from 'zod';
import { QUERY_MAX } from '../../../search/compact.ts';
import { FACET_FIELDS, RELATIONS } from '../../../search/answers.ts';
import { LISTS } from '../../../search/fields.ts';
import { SearchFilter, type SearchField } from '../../../search/filter.ts';
import { Cursor, RealmLabel } from './changes.ts';
import { asPosted, ContextAnswer } from './context.ts';
import { StixAnswer } from './object.ts';

const PAGE_DEFAULT = 100;
const PAGE_MAX = 1000;

/** Fields with one value, by their own names. */
const SINGLES = [
  'confidence_min',
  'confidence_max',
  'posted_since',
  'posted_until',
  'modified_since',
  'modified_until',
  'valid_since',
  'valid_until',
] as const satisfies readonly SearchField[];

const { shape } = SearchFilter;

function descriptionOf(field: SearchField): string | undefined {
  return shape[field].description;
}

const many = (field: SearchField) =>
  z
    .union([z.string(), z.array(z.string())])
    .optional()
    .meta({ description: `${descriptionOf(field) ?? field}. Repeat it for alternatives` });

const lists = Object.fromEntries(
  Object.entries(LISTS).map(([name, field]) => [name, many(field)]),
) as Record<keyof typeof LISTS, ReturnType<typeof many>>;

const singles = Object.fromEntries(
  SINGLES.map((name) => [
    name,
    z
      .string()
      .max(40)
      .optional()
      .meta({ description: descriptionOf(name) }),
  ]),
) as Record<(typeof SINGLES)[number], z.ZodOptional<z.ZodString>>;

/** The filter in the parameters of a query: search/filter.ts checks their values. */
const FILTER_PARAMETERS = {
  ...lists,
  ...singles,
  q: z
    .string()
    .max(QUERY_MAX)
    .optional()
    .meta({
      description:
        'The filter as text: words and "texts in quotes" to be found in the name, description, labels or ' +
        'pattern, and fields such as `label:c2`, `confidence>=70` or `in:198.51.100.0/24`',
      example: 'label:c2 confidence>=70 "cobalt strike"',
    }),
};

export const SearchQuery = z.strictObject({
  ...FILTER_PARAMETERS,
  duplicates: z.enum(['all', 'collapse']).default('all').meta({
    description:
      '`collapse`: one row for indicators that say the same, by whichever members and under whichever ids',
  }),
  order: z.enum(['newest', 'oldest']).default('newest').meta({
    description:
      'In the order in which objects were posted: the last ones first, or the first ones',
  }),
  after: Cursor.optional().meta({ description: '`next` of the page before, for the same search' }),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(PAGE_MAX)
    .default(PAGE_DEFAULT)
    .meta({ description: 'The maximum number of objects in a page' }),
  as_posted: asPosted,
});
export type SearchQuery = z.output<typeof SearchQuery>;

/** The parameters of a query that make the filter. */
export type FilterQuery = Pick<SearchQuery, keyof typeof FILTER_PARAMETERS>;

export const SearchAnswer = z
  .object({
    realm: RealmLabel,
    objects: z.array(StixAnswer),
    context: z
      .array(ContextAnswer)
      .meta({ description: 'The context of each object, in the same order' }),
    duplicates: z.array(z.array(z.string())).optional().meta({
      description:
        'With `duplicates=collapse`: for each object, the ids of all that say the same, its own among them',
    }),
    next: z
      .string()
      .nullable()
      .meta({ description: 'Use it as `after` for the next page; null where nothing follows' }),
    complete: z.boolean().meta({
      description:
        'Whether everything that was posted before is indexed; false for some time after very many objects were posted',
    }),
  })
  .meta({ id: 'SearchPage' });

export const FacetsQuery = z.strictObject({
  ...FILTER_PARAMETERS,
  fields: z
    .string()
    .max(300)
    .default('type,label,producer')
    .transform((text) => text.split(','))
    .pipe(z.array(z.enum(FACET_FIELDS)).min(1))
    .meta({
      description: `Fields, separated by commas: ${FACET_FIELDS.join(', ')}`,
      example: 'label,producer',
    }),
});

export const FacetsAnswer = z
  .object({
    realm: RealmLabel,
    counted: z
      .number()
      .int()
      .meta({ description: 'How many objects were counted, at most 10,000' }),
    more: z.boolean().meta({ description: 'Whether there are more than 10,000' }),
    estimated: z
      .boolean()
      .meta({ description: 'Whether the counts are of the newest 10,000 alone' }),
    facets: z
      .record(z.string(), z.array(z.object({ value: z.string(), count: z.number().int() })))
      .meta({ description: 'By field, the values that occur most, at most 50' }),
    complete: z
      .boolean()
      .meta({ description: 'Whether everything that was posted before is indexed' }),
  })
  .meta({ id: 'Facets' });

export const RelatedQuery = z.strictObject({
  after: Cursor.optional().meta({ description: '`next` of the page before' }),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(PAGE_MAX)
    .default(PAGE_DEFAULT)
    .meta({ description: 'The maximum number of objects in a page' }),
  as_posted: asPosted,
});

export const RelatedAnswer = z
  .object({
    realm: RealmLabel,
    objects: z.array(StixAnswer),
    context: z
      .array(ContextAnswer)
      .meta({ description: 'The context of each object, in the same order' }),
    relations: z
      .array(
        z.array(
          z.object({
            by: z.enum(RELATIONS),
            detail: z.string().optional().meta({
              description:
                'The id of the relationship, the property that names the other object, or the value of the observable',
            }),
          }),
        ),
      )
      .meta({ description: 'Of each object, why it is related' }),
    capped: z
      .array(z.string())
      .meta({ description: 'Values of observables that more than 100 other objects have' }),
    next: z
      .string()
      .nullable()
      .meta({ description: 'Use it as `after` for the next page; null where nothing follows' }),
  })
  .meta({ id: 'RelatedPage' });
