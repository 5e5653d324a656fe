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
  /** Of a hash of a file that the object has other hashes of, too: the number of that file in the object. */
  readonly file?: number;
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
 * once, without values of more than 4,096 characters. Seeing a value that the pattern excludes
 * means the opposite: see its role. `parsed` is an indicator's pattern as `patternOf` reads it, for
 * callers that have it already.
 */
export function observablesOf(object: StixObject, parsed?: Pattern): Observable[] {
  if (object.type === 'indicator') return ofIndicator(object, parsed);
  if (!SCO_TYPES.has(object.type)) return [];
  const values = ownValues(object).filter(isShort);
  const hashes = values.filter(({ property }) => property === 'hashes').length;
  return unique(
    values.map(({ kind, value, property }) => {
      const isBeside = property === 'hashes' && hashes > 1;
      return { kind, value, role: 'sole', ...(isBeside && { file: 1 }) };
    }),
  );
}

function ofIndicator(indicator: StixObject, parsed = patternOf(indicator)): Observable[] {
  if (parsed === undefined) return [];
  return unique(patternValues(parsed).filter(isShort));
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

/** Where a value is met twice, other than as hashes of two files, the stronger role counts. */
function unique(values: readonly Observable[]): Observable[] {
  const [first] = values;
  if (values.length === 1 && first) return [plain(first)];
  const found = new Map<string, Observable>();
  for (const one of values) {
    const key = `${one.file ?? ''}\n${one.kind}\n${one.value}`;
    const before = found.get(key);
    if (!before || STRENGTH[before.role] < STRENGTH[one.role]) found.set(key, plain(one));
  }
  return [...found.values()];
}

function plain({ kind, value, role, file }: Observable): Observable {
  return file === undefined ? { kind, value, role } : { kind, value, role, file };
}
