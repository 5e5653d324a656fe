/**
 * Checks one object by STIX 2.1: what must be (errors: the object is refused) and what is doubtful
 * (warnings: it is kept, and told).
 */
import { nearestName } from '../../spelling.ts';
import { adviceOn } from './advice.ts';
import { examineCustom, examineExtensions, withMisspelt } from './custom.ts';
import { FINDINGS_MAX } from './finding.ts';
import type { Finding } from './finding.ts';
import { findingsOf } from './findings-of-zod.ts';
import { isPlainIndicator } from './plain-indicator.ts';
import { sizeFault } from './object-size.ts';
import type { StixObject } from '../object.ts';
import { checkPattern } from '../pattern/check.ts';
import { plainPatternWarnings } from '../pattern/plain.ts';
import { CUSTOM_OBJECT, CUSTOM_OBSERVABLE, OBJECT_TYPES } from '../schema/registry.ts';
import type { ObjectType } from '../schema/registry.ts';
import { examineSelectors } from '../marking/selector.ts';
import { completeCopy, predefinedFault } from '../marking/predefined-marking.ts';
import { typeOfIdentifier } from '../identifier.ts';
import { isFormFault } from '../value/doubt.ts';

export type { Finding } from './finding.ts';

export type Checked =
  | { readonly ok: true; readonly object: StixObject; readonly warnings: Finding[] }
  | {
      readonly ok: false;
      readonly id?: string;
      readonly errors: Finding[];
      readonly warnings: Finding[];
    };

/**
 * Checks one value; the object in the answer is the very value given, nothing in it changed, but for
 * a copy of a predefined marking that leaves out what everybody knows of it: that is completed.
 */
export function checkObject(value: unknown): Checked {
  if (isPlainIndicator(value)) {
    const isStix = value.pattern_type === 'stix';
    const warnings = isStix ? plainPatternWarnings(value.pattern) : undefined;
    return warnings ? { ok: true, object: value, warnings } : checkedPattern(value, []);
  }
  const checked = checkShape(value);
  if (typeof value !== 'object' || value === null) return checked;
  const copy = completeCopy(value);
  const isComplete = checked.ok && checked.object.id === copy?.id;
  return copy === undefined || isComplete ? checked : checkShape(copy);
}

function checkShape(value: unknown): Checked {
  const fault = shapeFault(value);
  if (fault || !hasType(value)) return refused(value, fault ? [fault] : [], []);
  const type = objectTypeOf(value);
  const issues = type.schema.safeParse(value, { reportInput: true }).error?.issues ?? [];
  const errors = withMisspelt(findingsOf(issues, type.clause), value, type.properties);
  if (errors.length > 0 || !isStixObject(value)) return refused(value, errors, []);
  return checkFurther(value, type);
}

/** What the schema cannot say: the pattern, the id's type, custom properties, doubts. */
function checkFurther(object: StixObject, type: ObjectType): Checked {
  const custom = examineCustom(object, type.properties, !OBJECT_TYPES.has(object.type));
  const advice = adviceOn(object);
  const errors = [
    ...identityFaults(object),
    ...custom.errors,
    ...advice.filter(isFormFault),
    ...examineExtensions(object, type.clause),
    ...examineSelectors(object),
  ].slice(0, FINDINGS_MAX);
  const warnings = [...custom.warnings, ...advice.filter((found) => !isFormFault(found))];
  if (errors.length > 0) return refused(object, errors, warnings);
  if (object.type === 'indicator') return checkedPattern(object, warnings);
  return { ok: true, object, warnings: warnings.slice(0, FINDINGS_MAX) };
}

function checkedPattern(object: StixObject, before: Finding[]): Checked {
  const { errors, warnings: doubts } = checkPattern(object.pattern, object.pattern_type);
  const warnings = before.length > 0 ? [...before, ...doubts].slice(0, FINDINGS_MAX) : doubts;
  return errors.length > 0 ? refused(object, errors, warnings) : { ok: true, object, warnings };
}

/** Section 2.9: the id says the object's own type. Section 7.2.1: predefined markings stay. */
function identityFaults(object: StixObject): Finding[] {
  const faults: Finding[] = [];
  if (typeOfIdentifier(object.id) !== object.type) {
    faults.push(typeMismatch(object));
  }
  if (object.type !== 'marking-definition') return faults;
  const clause = 'STIX 2.1 section 7.2.1.4';
  const detail = predefinedFault(object);
  if (detail !== undefined)
    faults.push({ code: 'marking_redefined', path: '$.id', detail, clause });
  if (isMixedCase(object.id)) {
    const mixed =
      'write the UUID of a marking in lower case, so that references to it are understood';
    faults.push({
      code: 'invalid_id',
      path: '$.id',
      detail: mixed,
      clause: 'STIX 2.1 section 2.9',
    });
  }
  return faults;
}

/** Where the id names the type of STIX that the object nearly has, its type is misspelt. */
function typeMismatch({ id, type }: StixObject): Finding {
  const clause = 'STIX 2.1 section 2.9';
  const named = typeOfIdentifier(id);
  const given = type.slice(0, 60);
  if (OBJECT_TYPES.has(type) || nearestName(type, [...OBJECT_TYPES.keys()]) !== named) {
    const detail = `the id must begin with ${given}--`;
    return { code: 'id_type_mismatch', path: '$.id', detail, clause };
  }
  const detail = `the type is ${given}, but the id begins with ${named}--. Did you mean \`${named}\`?`;
  return { code: 'id_type_mismatch', path: '$.type', detail, clause };
}

/** References are compared without case, and stored definitions looked up in one case or the other. */
function isMixedCase(id: string): boolean {
  const uuid = id.slice('marking-definition--'.length);
  return uuid !== uuid.toLowerCase() && uuid !== uuid.toUpperCase();
}

function shapeFault(value: unknown): Finding | undefined {
  const clause = 'STIX 2.1 section 3.2';
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { code: 'not_an_object', path: '$', detail: 'expected a STIX object', clause };
  }
  const { type } = value as { type?: unknown };
  if (type === 'bundle') {
    const detail = 'a bundle cannot contain another bundle';
    return { code: 'nested_bundle', path: '$.type', detail, clause: 'STIX 2.1 section 8' };
  }
  if (type === undefined) {
    return { code: 'missing_property', path: '$.type', detail: 'is required', clause };
  }
  if (typeof type === 'string') return sizeFault(value);
  return { code: 'wrong_type', path: '$.type', detail: 'expected a string', clause };
}

function hasType(value: unknown): value is Readonly<Record<string, unknown>> & { type: string } {
  return (
    typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
  );
}

function isStixObject(
  value: Readonly<Record<string, unknown>> & { type: string },
): value is StixObject {
  return typeof value.id === 'string';
}

function objectTypeOf(value: Readonly<Record<string, unknown>> & { type: string }): ObjectType {
  const known = OBJECT_TYPES.get(value.type);
  if (known) return known;
  return isCustomObservable(value) ? CUSTOM_OBSERVABLE : CUSTOM_OBJECT;
}

/** Declared by an extension (section 7.3), or of the older kind, `x-…` without any versioning. */
function isCustomObservable(value: Readonly<Record<string, unknown>> & { type: string }): boolean {
  const { extensions, created, modified } = value;
  if (typeof extensions === 'object' && extensions !== null) {
    for (const extension of Object.values(extensions)) {
      if ((extension as { extension_type?: unknown } | null)?.extension_type === 'new-sco')
        return true;
    }
  }
  return value.type.startsWith('x-') && created === undefined && modified === undefined;
}

function refused(value: unknown, errors: Finding[], warnings: Finding[]): Checked {
  const id = typeof value === 'object' && value !== null && 'id' in value ? value.id : undefined;
  return typeof id === 'string'
    ? { ok: false, id, errors, warnings }
    : { ok: false, errors, warnings };
}
