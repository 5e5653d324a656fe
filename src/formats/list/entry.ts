/** Makes an indicator of a value in a list and of its context, or says why that is not possible. */
import { Unreadable } from '../../stix/bundle/text.ts';
import type { Finding } from '../../stix/check/finding.ts';
import { tlpSaidIn } from '../../stix/marking/tlp-text.ts';
import type { Recognised } from '../../stix/value/recognise.ts';
import { contextOfTexts, mergedContext, ValueContext } from './context.ts';
import { indicatorOf, type Maker, type UndatedIndicator } from './indicator.ts';
import { kindOfTypeName } from './type-names.ts';
import { understand, type GivenText } from './understand.ts';

/** A value as it stands in a list. */
export interface GivenValue extends GivenText {
  /** From 1, where the list has lines. */
  readonly line?: number;
  /** The column of the value, where a row may have several. */
  readonly column?: string;
  /** What is said about it alone: texts of fields, or members that were JSON. */
  readonly own?:
    { readonly texts: Readonly<Record<string, string | undefined>> } | { readonly json: object };
  /** Cells that nothing reads, by their columns. */
  readonly unread?: readonly (readonly [column: string, text: string])[];
}

/** A value that was read. */
export interface ListEntry {
  readonly given: Omit<GivenValue, 'own' | 'unread'>;
  /** Undefined where it was not recognised. */
  readonly recognised: Recognised | undefined;
  /** The object that is posted for this entry. */
  readonly object: UndatedIndicator | Unreadable;
  /** Warnings about the value beside those about the object. */
  readonly doubts: readonly Finding[];
}

/** What is the same for all values of a list. */
export interface ListTerms {
  readonly common: ValueContext;
  readonly maker: Maker;
}

/** Reads one value of a list. */
export function readEntry(given: GivenValue, { common, maker }: ListTerms): ListEntry {
  const { own: _, unread: __, ...told } = given;
  const entry = (
    object: UndatedIndicator | Unreadable,
    recognised?: Recognised,
    doubts: readonly Finding[] = [],
  ): ListEntry => ({ given: told, object, recognised, doubts });
  const level = given.unread?.find(([, text]) => saysLevel(text));
  if (level !== undefined) return entry(unreadLevel(level));
  const context = contextOf(given, common);
  if (context instanceof Unreadable) return entry(context);
  const recognised = understand(given);
  if (recognised instanceof Unreadable) return entry(recognised);
  const object = indicatorOf(recognised, context, maker);
  if (object === undefined) return entry(notObservable(recognised), recognised);
  return entry(object, recognised, doubtsOf(given, recognised));
}

const LEVEL = /^(?:clear|white|green|amber|amber\+strict|red)$/i;

/** In a column that is not read as a level, where to ignore it would share the value too widely. */
function saysLevel(text: string): boolean {
  return text.length <= 100 && (LEVEL.test(text.trim()) || tlpSaidIn(text) !== undefined);
}

function unreadLevel([column, text]: readonly [string, string]): Unreadable {
  const detail = `The column "${column}" says ${text.trim().slice(0, 40)}, and is not read as a TLP level. Name it \`tlp\`, or use \`columns\`.`;
  return new Unreadable({ code: 'marking_misspelt', path: '$.object_marking_refs', detail });
}

function contextOf({ own }: GivenValue, common: ValueContext): ValueContext | Unreadable {
  if (own === undefined) return common;
  const given = 'json' in own ? own.json : contextOfTexts(own.texts);
  if (Object.keys(given).length === 0) return common;
  const read = ValueContext.safeParse(given);
  if (!read.success) return invalidContext(given, String(read.error.issues[0]?.path[0] ?? ''));
  if (!JSON.stringify(given).includes('\\u0000')) return mergedContext(common, read.data);
  const detail = 'A text about the value contains the character U+0000, which cannot be stored';
  return new Unreadable({ code: 'nul_character', path: '$', detail });
}

function invalidContext(given: object, field: string): Unreadable {
  const code = 'value_context_invalid';
  if (field === '') {
    const detail = 'The entry has members that are not known. See docs/lists.md for the fields';
    return new Unreadable({ code, path: '$', detail });
  }
  const shown = (JSON.stringify(Reflect.get(given, field)) ?? '').slice(0, 80).toWellFormed();
  const detail = `\`${field}\` ${shown} is not valid. ${WHAT_TO_GIVE[field] ?? ''}`.trim();
  return new Unreadable({ code, path: `$.${field}`, detail });
}

const WHAT_TO_GIVE: Readonly<Record<string, string>> = {
  tlp: 'Use clear, green, amber, amber+strict or red.',
  confidence: 'Use a number from 0 to 100, or low, medium or high.',
  valid_from: 'Use a date or time such as 2026-12-31 or 2026-12-31T12:00:00Z.',
  valid_until: 'Use a date or time such as 2026-12-31 or 2026-12-31T12:00:00Z.',
  kill_chain_phases: 'Use kill-chain:phase, such as mitre-attack:exfiltration.',
};

/** Of a vulnerability there is nothing to observe. */
function notObservable({ value }: Recognised): Unreadable {
  const detail = `${value} is a vulnerability, which no pattern describes. Post it as a STIX vulnerability to /api/v1/bundles`;
  return new Unreadable({ code: 'value_not_observable', path: '$', detail });
}

/** What was undone needs no warning: the indicator has the value itself. */
const UNDONE: ReadonlySet<string> = new Set(['defanged_value', 'blank_at_end', 'hive_abbreviated']);

function doubtsOf({ text, type }: GivenValue, { doubts }: Recognised): Finding[] {
  const shown = text
    .trim()
    .slice(0, 80)
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Cf}]/gu, ' ');
  const told = doubts
    .filter(({ code }) => !UNDONE.has(code))
    .map(({ code, detail }) => ({ code, path: '$.pattern', detail: `'${shown}' ${detail}` }));
  if (type === undefined || type.trim() === '' || kindOfTypeName(type) !== undefined) return told;
  const detail = `Unknown type of value: "${type.trim().slice(0, 40).toWellFormed()}". The value was recognised by its form`;
  return [...told, { code: 'value_type_unknown', path: '$', detail }];
}
