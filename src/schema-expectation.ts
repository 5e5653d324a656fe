/** What a zod schema takes, as a noun phrase: "a whole number from 0 to 100". */
import { z } from 'zod';
import { quantity } from './quantity.ts';

type Json = z.core.JSONSchema.BaseSchema;

interface Expectation {
  readonly expectation: string;
  /** Whether the message repeats the input: never free text, which may be a secret. */
  readonly shows: boolean;
}

/** Values listed of an enumeration; a longer one is documented. */
const VALUES_MAX = 30;

const FORMATS: Readonly<Record<string, string>> = {
  'date-time': 'a time such as 2026-01-31T12:30:45Z',
  email: 'an e-mail address',
  uri: 'a URL',
  uuid: 'a UUID',
};

/** What is wrong with `input`, in terms of the schema that refused it. */
export function expectationOf(schema: z.core.$ZodType | undefined, input: unknown): Expectation {
  if (schema === undefined) return { expectation: 'valid', shows: false };
  const { type } = schema._zod.def;
  if (type === 'object' || type === 'record') return { expectation: 'an object', shows: true };
  if (isWebUrl(schema)) {
    return { expectation: 'a URL that starts with https:// or http://', shows: false };
  }
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return { expectation: phraseOf(json), shows: typeof input !== 'string' || !isFreeText(json) };
}

/** JSON Schema has no word for the scheme of a URL. */
function isWebUrl(schema: z.core.$ZodType): boolean {
  return schema instanceof z.ZodURL && schema._zod.def.protocol?.source === '^https?$';
}

/** Strings of any content, and URLs and addresses, which may hold a secret or a name. */
function isFreeText({ type, format, enum: values }: Json): boolean {
  if (type !== 'string' || values !== undefined) return false;
  return format === undefined || format === 'uri' || format === 'email';
}

function phraseOf(json: Json): string {
  if (json.const !== undefined) return JSON.stringify(json.const);
  if (json.enum !== undefined) return choice(json.enum);
  const alternatives = json.anyOf ?? json.oneOf;
  if (alternatives !== undefined) return joined([...new Set(alternatives.map(phraseOf))]);
  return ofType(json);
}

function ofType(json: Json): string {
  switch (json.type) {
    case 'string':
      return (
        FORMATS[json.format ?? ''] ??
        counted('a string', 'character', json.minLength, json.maxLength)
      );
    case 'integer':
      return `a whole number${range(json.minimum, json.maximum)}`;
    case 'number':
      return `a number${range(json.minimum, json.maximum)}`;
    case 'boolean':
      return 'true or false';
    case 'array':
      return counted('a list', entryOf(json), json.minItems, json.maxItems);
    case 'object':
      return 'an object';
    case 'null':
      return 'null';
    default:
      return 'valid';
  }
}

function entryOf({ items }: Json): string {
  const only = Array.isArray(items) ? undefined : items;
  return typeof only === 'object' && only.type === 'string' ? 'string' : 'item';
}

function choice(values: readonly unknown[]): string {
  const texts = values.slice(0, VALUES_MAX).map((value) => JSON.stringify(value));
  if (values.length > VALUES_MAX) return `one of ${texts.join(', ')}, …`;
  return texts.length === 1 ? texts.join() : `one of ${texts.join(', ')}`;
}

function joined(phrases: readonly string[]): string {
  const last = phrases.at(-1) ?? 'valid';
  return phrases.length < 2 ? last : `${phrases.slice(0, -1).join(', ')} or ${last}`;
}

/** Of "a string" and "character": "a string of 1 to 200 characters". */
function counted(what: string, unit: string, min?: number, max?: number): string {
  if (max === undefined)
    return min === undefined || min === 0 ? what : `${what} of at least ${quantity(min, unit)}`;
  if (min === max) return `${what} of ${quantity(max, unit)}`;
  if (min === undefined || min === 0) return `${what} of at most ${quantity(max, unit)}`;
  return `${what} of ${min} to ${quantity(max, unit)}`;
}

function range(min?: number, max?: number): string {
  const from = min === undefined || min === Number.MIN_SAFE_INTEGER ? undefined : min;
  const to = max === undefined || max === Number.MAX_SAFE_INTEGER ? undefined : max;
  if (from !== undefined && to !== undefined) return ` from ${from} to ${to}`;
  if (from !== undefined) return ` of at least ${from}`;
  return to === undefined ? '' : ` of at most ${to}`;
}
