/** What an object has beyond the specification: STIX 2.1 sections 3.1, 3.8, 7.3 and 11. */
import type { Finding } from './finding.ts';
import { jsonPath } from './json-fault.ts';
import type { StixObject } from './object.ts';
import { PREDEFINED_EXTENSIONS } from './schema/predefined-extensions.ts';
import { findingsOf } from './findings-of-zod.ts';

const PROPERTY_NAME = /^[a-z][a-z0-9_]{2,249}$/;
const RESERVED: ReadonlySet<string> = new Set(['severity', 'username', 'phone_number', 'action']);
const NAMES_SHOWN_MAX = 10;

/** Errors and warnings about properties that the object's type does not define. */
export function examineCustom(
  object: StixObject,
  known: ReadonlySet<string>,
  isCustomType: boolean,
): { errors: Finding[]; warnings: Finding[] } {
  const names = Object.keys(object).filter((name) => !known.has(name));
  if (names.length === 0 && !isCustomType) return { errors: [], warnings: [] };
  const errors = names.filter(isFaulty).slice(0, NAMES_SHOWN_MAX).map(nameFault);
  const empty = names.filter((name) => hasNothing(object[name])).slice(0, NAMES_SHOWN_MAX);
  const warnings = empty.map(emptyWarning);
  if (!isCustomType && !isExtended(object)) warnings.unshift(customWarning(names));
  if (isCustomType && !isExtended(object)) warnings.unshift(customTypeWarning(object.type));
  return { errors, warnings: warnings.slice(0, NAMES_SHOWN_MAX) };
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

function isFaulty(name: string): boolean {
  return RESERVED.has(name) || !PROPERTY_NAME.test(name);
}

function nameFault(name: string): Finding {
  const path = jsonPath([name]);
  if (RESERVED.has(name)) {
    const detail = `the name ${name} is reserved`;
    return { code: 'reserved_property', path, detail, clause: 'STIX 2.1 section 3.8' };
  }
  const detail = 'a property name has 3 to 250 characters of a-z, 0-9 and _, a letter first';
  return { code: 'invalid_property_name', path, detail, clause: 'STIX 2.1 section 3.1' };
}

function customWarning(names: readonly string[]): Finding {
  const shown = names.slice(0, NAMES_SHOWN_MAX).join(', ').slice(0, 300).toWellFormed();
  const more = names.length > NAMES_SHOWN_MAX ? ` and ${names.length - NAMES_SHOWN_MAX} more` : '';
  const detail = `custom properties without an extension definition: ${shown}${more}`;
  return { code: 'custom_property', path: '$', detail, clause: 'STIX 2.1 section 11.1' };
}

function customTypeWarning(type: string): Finding {
  const detail = `${type.slice(0, 60)} is not a type of STIX 2.1; the object is kept as it is`;
  return { code: 'custom_object', path: '$.type', detail, clause: 'STIX 2.1 section 11.2' };
}

function emptyWarning(name: string): Finding {
  const detail = 'is empty; leave the property out';
  return { code: 'empty_value', path: jsonPath([name]), detail, clause: 'STIX 2.1 section 2.12' };
}

function hasNothing(value: unknown): boolean {
  return Array.isArray(value) ? value.length === 0 : value === null;
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
