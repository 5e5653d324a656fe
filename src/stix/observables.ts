/** Observables: the atomic values of STIX 2.1 sections 6 and 9 by which objects are looked up. */
import type { StixObject } from './object.ts';
import { SCO_TYPES } from './object.ts';
import { patternValues } from './pattern/observables.ts';
import type { Role } from './pattern/observables.ts';
import { patternOf } from './pattern/of-indicator.ts';
import type { Pattern } from './pattern/syntax.ts';
import { VALUE_LENGTH_MAX } from './value/doubt.ts';
import type { NormalValue } from './value/doubt.ts';
import { kindOfPath } from './value/kind.ts';
import { normalise } from './value/normalise.ts';

export interface Observable {
  /** `domain-name`, `ipv4-addr`, `ipv4-cidr`, `sha256`, `file-name` … (see the README). */
  readonly kind: string;
  /** Normalised: in the one form in which it is looked up. */
  readonly value: string;
  /** What seeing it means; `sole` for the value of a cyber-observable object. */
  readonly role: Role;
}

const OWN_PROPERTIES = [
  'value',
  'name',
  'path',
  'number',
  'key',
  'url',
  'account_login',
  'user_id',
  'command_line',
  'serial_number',
  'issuer',
  'subject',
];
const STRENGTH: Readonly<Record<Role, number>> = { sole: 3, alternative: 2, part: 1, excluded: 0 };

/**
 * The values that an indicator's STIX pattern looks for, or that a cyber-observable object is, each
 * once. Values that a pattern excludes are left out, since seeing one of them means the opposite, and
 * values of more than 4,096 characters. `parsed` is an indicator's pattern as `patternOf` reads it, for
 * callers that have it already.
 */
export function observablesOf(object: StixObject, parsed?: Pattern): Observable[] {
  if (object.type === 'indicator') return ofIndicator(object, parsed);
  if (!SCO_TYPES.has(object.type)) return [];
  const values = ownValues(object).filter(isShort);
  return unique(values.map(({ kind, value }) => ({ kind, value, role: 'sole' })));
}

function ofIndicator(indicator: StixObject, parsed = patternOf(indicator)): Observable[] {
  if (parsed === undefined) return [];
  const values = patternValues(parsed);
  return unique(values.filter((found) => found.role !== 'excluded' && isShort(found)));
}

function isShort({ value }: NormalValue): boolean {
  return value.length <= VALUE_LENGTH_MAX;
}

/** The own values of a cyber-observable object, normalised, with what is doubtful about them. */
export function ownValues(object: StixObject): (NormalValue & { property: string })[] {
  const found: (NormalValue & { property: string })[] = [];
  for (const property of OWN_PROPERTIES) {
    const given = object[property];
    const kind = kindOfPath(object.type, [property]);
    if (kind === undefined || (typeof given !== 'string' && typeof given !== 'number')) continue;
    found.push({ ...normalise(kind, String(given)), property });
  }
  const { hashes } = object;
  if (typeof hashes !== 'object' || hashes === null) return found;
  for (const [algorithm, value] of Object.entries(hashes)) {
    const kind = kindOfPath(object.type, ['hashes', algorithm]);
    if (kind !== undefined && typeof value === 'string') {
      found.push({ ...normalise(kind, value), property: 'hashes' });
    }
  }
  return found;
}

/** Where a value is met twice, the stronger role counts. */
function unique(values: readonly Observable[]): Observable[] {
  const [first] = values;
  if (values.length === 1 && first)
    return [{ kind: first.kind, value: first.value, role: first.role }];
  const found = new Map<string, Observable>();
  for (const { kind, value, role } of values) {
    const key = `${kind}\n${value}`;
    const before = found.get(key);
    if (!before || STRENGTH[before.role] < STRENGTH[role]) found.set(key, { kind, value, role });
  }
  return [...found.values()];
}
