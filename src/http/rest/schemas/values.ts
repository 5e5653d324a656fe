import { z } from 'zod';
import { CONTEXT_FIELDS, ValueContext } from '../../../formats/list/context.ts';
import { SummaryAnswer } from '../../bundles/summary.ts';
import { BundleQuery, Finding, ResultAnswer } from './bundle.ts';

/** One text, or several that mean the same as one with commas. */
const texts = z
  .union([z.string(), z.array(z.string())])
  .transform((given) => [given].flat().join(','))
  .optional();

const DESCRIPTIONS: Readonly<Record<keyof ValueContext, string>> = {
  name: 'Name of every indicator; left out: the value',
  description: 'Description of every indicator',
  labels: 'Labels, repeated or separated by commas',
  indicator_types:
    'Types of indicators, such as `malicious-activity`, repeated or separated by commas',
  kill_chain_phases: 'Phases as `kill-chain:phase`, repeated or separated by commas',
  tlp: 'TLP level; left out: the default of your organisation',
  confidence: 'From 0 to 100, or `low`, `medium` or `high`',
  valid_from: 'Date or time from which they are valid; left out: when they were first posted',
  valid_until: 'Date or time until which they are valid',
  reference: 'URL or title of the source',
};

const contextTexts = Object.fromEntries(
  CONTEXT_FIELDS.map((field) => [field, texts.meta({ description: DESCRIPTIONS[field] })]),
) as Record<keyof ValueContext, typeof texts>;

/** The context in the query is that of text; JSON has its own. */
export const ValuesQuery = BundleQuery.extend({
  columns: texts.meta({
    description:
      'What the columns of CSV hold: fields in their order (`value,labels,-,tlp`) or by header ' +
      '(`IoC:value,Remarks:description`). Fields: `value`, `type`, `port` and the parameters of the context.',
  }),
  ...contextTexts,
});
export type ValuesQuery = z.output<typeof ValuesQuery>;

export const ValuesBody = ValueContext.extend({ values: z.array(z.unknown()).min(1) });

const ValueResult = ResultAnswer.omit({ index: true })
  .extend({
    index: z.number().int().meta({ description: 'Position among the values, from 0' }),
    line: z.number().int().optional().meta({ description: 'Line of the list, from 1' }),
    column: z.string().optional().meta({ description: 'Column, where a row has several values' }),
    given: z.string().meta({ description: 'The value as it was written' }),
    type: z.string().optional().meta({ description: 'Type as which it was recognised' }),
    value: z.string().optional().meta({ description: 'Normalised value' }),
    port: z.number().int().optional(),
  })
  .meta({ id: 'ValueResult' });

const ColumnAnswer = z.object({
  name: z.string(),
  field: z.string().nullable().meta({ description: 'As what it is read; null: it is not read' }),
});

export const ValuesAnswer = z
  .object({
    dry_run: z.boolean(),
    columns: z.array(ColumnAnswer).optional().meta({ description: 'The columns of CSV' }),
    warnings: z.array(Finding).optional(),
    summary: SummaryAnswer,
    results: z.array(ValueResult),
  })
  .meta({ id: 'ValuesResult' });
