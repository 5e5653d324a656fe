/** What the text of one entry of a list is. */
import { Unreadable } from '../../stix/bundle/text.ts';
import { VALUE_LENGTH_MAX } from '../../stix/value/doubt.ts';
import { findValues } from '../../stix/value/find-values.ts';
import { recognise, recogniseAs, type Recognised } from '../../stix/value/recognise.ts';
import { kindOfTypeName } from './type-names.ts';

/** A value as it stands in a list, with what says its type. */
export interface GivenText {
  readonly text: string;
  /** The name of a type, as the list gives it. */
  readonly type?: string | undefined;
  /** The kind of value, where the name of its column says it. */
  readonly kind?: string | undefined;
  readonly port?: string | undefined;
}

/** The value that a text in a list stands for, or the reason why it is not a value. */
export function understand(given: GivenText): Recognised | Unreadable {
  const { text, type = '', kind } = given;
  if (text.length > VALUE_LENGTH_MAX) {
    const detail = `The value has ${text.length} characters; the limit is ${VALUE_LENGTH_MAX}`;
    return new Unreadable({ code: 'value_too_long', path: '$', detail });
  }
  const wanted = kind ?? kindOfTypeName(type);
  const whole = /\|port$/i.test(type.trim()) ? text.replace('|', ':') : text;
  const found = wanted === undefined ? recognise(whole) : recogniseAs(wanted, whole);
  if (found !== undefined) return withPort(found, given.port?.trim() ?? '');
  return unrecognised(text, wanted === undefined ? '' : (kind ?? type));
}

function withPort(found: Recognised, port: string): Recognised | Unreadable {
  if (port === '' || !CONNECTED.test(found.kind)) return found;
  if (/^\d{1,5}$/.test(port) && Number(port) <= 65_535) return { ...found, port: Number(port) };
  const detail = `"${port.slice(0, 40).toWellFormed()}" is not a port. Use a number up to 65535.`;
  return new Unreadable({ code: 'value_context_invalid', path: '$', detail });
}

const CONNECTED = /^(?:ipv[46]-addr|domain-name)$/;
const FOUND_MAX = 3;
const LOOKED_THROUGH_MAX = 1000;

function unrecognised(text: string, type: string): Unreadable {
  const trimmed = text.trim();
  const code = 'value_not_recognised';
  if (trimmed === '') return new Unreadable({ code, path: '$', detail: 'The entry has no value' });
  const what =
    type === ''
      ? 'is not a value of a known form'
      : `is not of the type ${type.trim().slice(0, 40)}`;
  const inside = [...findValues(trimmed.slice(0, LOOKED_THROUGH_MAX))].slice(0, FOUND_MAX);
  const found = inside.map((one) => one.text.slice(0, 60)).filter((one) => one !== trimmed);
  const hint =
    found.length === 0
      ? ''
      : `. It contains ${found.join(', ')}: give each value a line of its own`;
  const detail = `"${trimmed.slice(0, 60)}" ${what}${hint}`.replaceAll(/\p{Cc}/gu, ' ');
  return new Unreadable({ code, path: '$', detail: detail.toWellFormed() });
}
