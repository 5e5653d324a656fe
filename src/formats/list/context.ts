/** What a list says about its values beside the values themselves, as texts or as JSON. */
import { z } from 'zod';
import { TLP_ORDER, type Tlp } from '../../stix/marking/tlp.ts';
import { tlpSaidIn } from '../../stix/marking/tlp-text.ts';
import { comparableTimestamp } from '../../stix/timestamp.ts';

const TEXT_LENGTH_MAX = 10_000;
const NAME_LENGTH_MAX = 1000;
const LABEL_LENGTH_MAX = 250;
const LABELS_MAX = 100;
const PHASES_MAX = 20;

const text = (length: number) => z.string().trim().min(1).max(length);
const label = text(LABEL_LENGTH_MAX);
const time = z
  .string()
  .transform((given, context) => {
    const read = timeOf(given);
    if (read !== undefined) return read;
    context.addIssue('must be a date or time such as 2026-12-31 or 2026-12-31T12:00:00Z');
    return z.NEVER;
  })
  .meta({ description: 'A date, or a time in RFC 3339' });

const phase = z.strictObject({ kill_chain_name: label, phase_name: label });

/** What is said about one value, or about all of a list: properties of its indicator. */
export const ValueContext = z.strictObject({
  name: text(NAME_LENGTH_MAX).optional(),
  description: text(TEXT_LENGTH_MAX).optional(),
  labels: z.array(label).min(1).max(LABELS_MAX).optional(),
  indicator_types: z.array(label).min(1).max(LABELS_MAX).optional(),
  kill_chain_phases: z.array(phase).min(1).max(PHASES_MAX).optional(),
  tlp: z
    .preprocess(
      (given) => (typeof given === 'string' ? (tlpOf(given) ?? given) : given),
      z.enum(TLP_ORDER),
    )
    .optional(),
  confidence: z.int().min(0).max(100).optional(),
  valid_from: time.optional(),
  valid_until: time.optional(),
  reference: text(NAME_LENGTH_MAX).optional(),
});
export type ValueContext = z.output<typeof ValueContext>;

export const CONTEXT_FIELDS = Object.keys(ValueContext.shape) as (keyof ValueContext)[];

/** `amber`, `TLP:AMBER`, `white`. */
function tlpOf(given: string): Tlp | undefined {
  const said = tlpSaidIn(`tlp ${given}`);
  return said === 'unknown' ? undefined : said;
}

/** As spreadsheets write it, too. A time without a zone is in UTC. */
const TIME =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(:\d{2}(?:\.\d{1,6})?)? ?(?:Z|UTC|([+-]\d{2}):?(\d{2}))?)?$/i;

function timeOf(given: string): string | undefined {
  const [, day, minutes = '00:00', seconds = ':00', hours, rest] = TIME.exec(given.trim()) ?? [];
  if (day === undefined) return undefined;
  const inUtc = `${day}T${minutes}${seconds}Z`;
  if (comparableTimestamp(inUtc) === undefined) return undefined;
  if (hours === undefined) return inUtc;
  const shifted = new Date(`${day}T${minutes}${seconds}${hours}:${rest ?? '00'}`);
  return Number.isNaN(shifted.getTime()) ? undefined : shifted.toISOString();
}

const LISTS: ReadonlySet<string> = new Set(['labels', 'indicator_types', 'kill_chain_phases']);
/** STIX 2.1 appendix A, "None/Low/Med/High". */
const CONFIDENCES: ReadonlyMap<string, number> = new Map([
  ['none', 0],
  ['low', 15],
  ['med', 50],
  ['medium', 50],
  ['high', 85],
]);

/**
 * What texts say, in the form that ValueContext checks: lists are separated by commas, semicolons or bars, a phase
 * is `kill-chain:phase`.
 */
export function contextOfTexts(
  texts: Readonly<Record<string, string | undefined>>,
): Record<string, unknown> {
  const read: Record<string, unknown> = {};
  for (const [field, given] of Object.entries(texts)) {
    const trimmed = given?.trim() ?? '';
    if (trimmed !== '') read[field] = valueOf(field, trimmed);
  }
  return read;
}

function valueOf(field: string, given: string): unknown {
  if (LISTS.has(field)) {
    const parts = given.split(/[,;|]/).flatMap((part) => part.trim() || []);
    return field === 'kill_chain_phases' ? parts.map(phaseOf) : parts;
  }
  if (field !== 'confidence') return given;
  return (
    CONFIDENCES.get(given.toLowerCase()) ??
    (/^\d{1,3}%?$/.test(given) ? parseInt(given, 10) : given)
  );
}

function phaseOf(given: string): unknown {
  const colon = given.indexOf(':');
  if (colon < 0) return given;
  return {
    kill_chain_name: given.slice(0, colon).trim(),
    phase_name: given.slice(colon + 1).trim(),
  };
}

/** What a row says, over what is said of the whole list; labels and types of both count. */
export function mergedContext(common: ValueContext, own: ValueContext): ValueContext {
  const merged: Record<string, unknown> = { ...common, ...own };
  for (const field of LISTS) {
    const [all = [], some = []] = [common, own].map((one) => one[field as 'labels'] ?? undefined);
    if (all.length > 0 && some.length > 0) merged[field] = unique([...all, ...some]);
  }
  return merged;
}

function unique(list: readonly unknown[]): unknown[] {
  return [...new Map(list.map((one) => [JSON.stringify(one), one])).values()];
}
