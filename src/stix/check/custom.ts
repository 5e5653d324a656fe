/** What an object has beyond the specification: STIX 2.1 sections 3.1, 3.8, 7.3 and 11. */
import { isNearly, nearestName } from '../../spelling.ts';
import type { Finding } from './finding.ts';
import { jsonPath } from '../json/fault.ts';
import type { StixObject } from '../object.ts';
import { PREDEFINED_EXTENSIONS } from '../schema/predefined-extensions.ts';
import { findingsOf } from './findings-of-zod.ts';
import { INVALID_NAME, PROPERTY_NAME } from '../schema/rule.ts';

/** Names that tools derive from their own fields: `x_misp_Capital`, `x_misp_type-of-incident`. */
const NAME_OF_TOOL = /^x_[A-Za-z0-9_-]{1,248}$/;
const RESERVED: ReadonlySet<string> = new Set(['severity', 'username', 'phone_number', 'action']);
/** The properties that say who may read the object, beside labels. */
const MARKINGS = ['object_marking_refs', 'granular_markings'];
/** As many letters may be wrong: `object_markings`, `objectMarkingRefs`. */
const MARKING_LETTERS = 4;
const NAMES_SHOWN_MAX = 10;
const NAMES_COMPARED_MAX = 100;

/** Errors and warnings about properties that the object's type does not define. */
export function examineCustom(
  object: StixObject,
  known: ReadonlySet<string>,
  isCustomType: boolean,
): { errors: Finding[]; warnings: Finding[] } {
  const names = Object.keys(object).filter((name) => !known.has(name));
  if (names.length === 0 && !isCustomType) return { errors: [], warnings: [] };
  const faults = names.filter(isFaulty).map(nameFault);
  const errors = [
    ...names.flatMap(misspeltMarking),
    ...faults.filter(({ code }) => code !== NAME_FORM),
  ].slice(0, NAMES_SHOWN_MAX);
  const forms = faults.filter(({ code }) => code === NAME_FORM);
  const warnings = [...forms, ...emptyWarnings(object, names)];
  if (!isCustomType && !isExtended(object)) warnings.unshift(customWarning(names, known));
  if (isCustomType && !isExtended(object)) warnings.unshift(customTypeWarning(object.type));
  return { errors, warnings: warnings.slice(0, NAMES_SHOWN_MAX) };
}

/** The errors, with a hint where a missing property is there under a similar name. */
export function withMisspelt(
  errors: readonly Finding[],
  object: object,
  known: ReadonlySet<string>,
): Finding[] {
  const unknown = Object.keys(object)
    .filter((name) => !known.has(name))
    .slice(0, NAMES_COMPARED_MAX);
  return errors.map((error) => {
    const [, missing = ''] = /^\$\.(\w+)$/.exec(error.path) ?? [];
    const given = error.code === 'missing_property' ? nearestName(missing, unknown) : undefined;
    if (given === undefined) return error;
    return {
      ...error,
      detail: `${error.detail}. \`${given}\` is not a property of this type: was it meant?`,
    };
  });
}

/** Extensions that the specification itself defines, checked by their own schemas. */
export function examineExtensions(object: StixObject, clause: string): Finding[] {
  const { extensions } = object;
  const predefined = PREDEFINED_EXTENSIONS[object.type];
  if (!predefined || typeof extensions !== 'object' || extensions === null) return [];
  return Object.entries(extensions).flatMap(([name, extension]) => {
    const schema = Object.hasOwn(predefined, name) ? predefined[name] : undefined;
    const issues = schema?.safeParse(extension, { reportInput: true }).error?.issues ?? [];
    const inside = jsonPath(['extensions', name]);
    return findingsOf(issues, clause).map((found) => ({
      ...found,
      path: inside + found.path.slice(1),
    }));
  });
}

/**
 * To store it as a custom property would share the object as if it were not marked. A name that begins with
 * `x_` is custom by intent.
 */
function misspeltMarking(name: string): Finding[] {
  if (name.startsWith('x_')) return [];
  const meant = MARKINGS.find((known) => isNearly(name, known, MARKING_LETTERS));
  if (meant === undefined) return [];
  const detail = `STIX has no property of this name. Did you mean \`${meant}\`? Without it, the marking would not count`;
  return [
    { code: 'marking_misspelt', path: jsonPath([name]), detail, clause: 'STIX 2.1 section 7.2.2' },
  ];
}

function isFaulty(name: string): boolean {
  return RESERVED.has(name) || !PROPERTY_NAME.test(name);
}

const NAME_FORM = 'property_name_form';

/** An error; a warning where the prefix `x_` leaves no doubt that the property is custom. */
function nameFault(name: string): Finding {
  const path = jsonPath([name]);
  if (RESERVED.has(name)) {
    const detail = `the name ${name} is reserved`;
    return { code: 'reserved_property', path, detail, clause: 'STIX 2.1 section 3.8' };
  }
  return NAME_OF_TOOL.test(name)
    ? { ...INVALID_NAME, code: NAME_FORM, path }
    : { ...INVALID_NAME, path };
}

function customWarning(names: readonly string[], known: ReadonlySet<string>): Finding {
  const shown = names
    .slice(0, NAMES_SHOWN_MAX)
    .map((name) => withSuggestion(name, known))
    .join(', ')
    .slice(0, 300)
    .toWellFormed();
  const more = names.length > NAMES_SHOWN_MAX ? ` and ${names.length - NAMES_SHOWN_MAX} more` : '';
  const detail = `custom properties without an extension definition: ${shown}${more}`;
  return { code: 'custom_property', path: '$', detail, clause: 'STIX 2.1 section 11.1' };
}

/** `valid_form (did you mean valid_from?)`. A name that begins with `x_` is custom by intent. */
function withSuggestion(name: string, known: ReadonlySet<string>): string {
  const meant = name.startsWith('x_') ? undefined : nearestName(name, [...known]);
  return meant === undefined ? name : `${name} (did you mean ${meant}?)`;
}

function customTypeWarning(type: string): Finding {
  const detail = `${type.slice(0, 60)} is not a type of STIX 2.1; the object is stored as it is`;
  return { code: 'custom_object', path: '$.type', detail, clause: 'STIX 2.1 section 11.2' };
}

/** Lists and dictionaries without content in the properties named, at any depth. */
function emptyWarnings(object: StixObject, names: readonly string[]): Finding[] {
  const paths: string[] = [];
  for (const name of names) findEmpty(object[name], [name], paths);
  return paths.map((path) => {
    const detail = 'is empty; leave the property out';
    return { code: 'empty_value', path, detail, clause: 'STIX 2.1 section 2.12' };
  });
}

function findEmpty(value: unknown, steps: readonly (string | number)[], found: string[]): void {
  if (found.length >= NAMES_SHOWN_MAX) return;
  if (value === null) found.push(jsonPath(steps));
  if (typeof value !== 'object' || value === null) return;
  const members = Object.entries(value) as [string, unknown][];
  if (members.length === 0) found.push(jsonPath(steps));
  const isList = Array.isArray(value);
  for (const [key, member] of members) {
    findEmpty(member, [...steps, isList ? Number(key) : key], found);
  }
}

/** An extension that adds properties at the top level, or the type itself, is declared. */
function isExtended(object: StixObject): boolean {
  const { extensions } = object;
  if (typeof extensions !== 'object' || extensions === null) return false;
  return Object.values(extensions).some((extension: unknown) => {
    const type = (extension as { extension_type?: unknown } | null)?.extension_type;
    return typeof type === 'string' && (type.startsWith('new-') || type.startsWith('toplevel-'));
  });
}
