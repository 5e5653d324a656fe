/**
 * Definitions of the markings that everybody knows: STIX 2.1 section 7.2.1.4, and the OASIS extension
 * definition for TLP 2.0. Tools write them in many ways; a copy is one that says the same.
 */
import { meaningOf } from './marking.ts';
import { fixedMarking, TLP_2_EXTENSION, type FixedMarking } from './tlp.ts';
import type { StixObject } from '../object.ts';

type Properties = Readonly<Record<string, unknown>>;

const CREATED = {
  tlp1: '2017-01-20T00:00:00.000Z',
  tlp2: '2022-10-01T00:00:00.000Z',
  opencti: '2022-10-01T00:00:00.000Z',
} as const;

/** What a copy may have beside what states the level. */
const HARMLESS: ReadonlySet<string> = new Set([
  'type',
  'spec_version',
  'id',
  'created',
  'modified',
  'created_by_ref',
  'object_marking_refs',
  'external_references',
  'lang',
  'revoked',
]);
const TYPES_OF_MARKING: ReadonlySet<unknown> = new Set([undefined, 'tlp', 'statement']);

/** The definition that everybody knows under this id; undefined for any other id. */
export function predefinedMarking(id: string): StixObject | undefined {
  const fixed = fixedMarking(id);
  if (fixed === undefined) return undefined;
  const { tlp, edition } = fixed;
  const common = {
    type: 'marking-definition',
    spec_version: '2.1',
    id: id.toLowerCase(),
    created: CREATED[edition],
  };
  const word = wordOf(fixed);
  const name = `TLP:${word.toUpperCase()}`;
  if (edition === 'tlp1')
    return { ...common, definition_type: 'tlp', name, definition: { tlp: word } };
  if (edition === 'opencti') {
    return { ...common, definition_type: 'statement', name, definition: { statement: name } };
  }
  const extension = { extension_type: 'property-extension', tlp_2_0: tlp };
  return { ...common, name, extensions: { [TLP_2_EXTENSION]: extension } };
}

/** A copy of a predefined marking with all that a definition must have; undefined for anything else. */
export function completeCopy(value: object): StixObject | undefined {
  const { type, id, created } = value as Properties;
  if (type !== 'marking-definition' || typeof id !== 'string') return undefined;
  const known = predefinedMarking(id);
  if (known === undefined || predefinedFault({ ...value, id }) !== undefined) return undefined;
  return { ...value, ...known, created: created ?? known['created'] };
}

/**
 * Why a definition under a predefined id may not stand: something in it says anything else than that
 * id means to everybody. Undefined for a copy in whatever spelling, and for any other id.
 */
export function predefinedFault(definition: { readonly id: string }): string | undefined {
  const fixed = fixedMarking(definition.id);
  if (fixed === undefined || isCopy(definition, fixed)) return undefined;
  const name = wordOf(fixed).toUpperCase();
  return `this id means TLP:${name} and nothing else: post the definition of the specification, or leave it out`;
}

function isCopy(definition: object, fixed: FixedMarking): boolean {
  const {
    definition_type: type,
    definition: body,
    extensions,
    ...others
  } = definition as Properties;
  const kind = typeof type === 'string' ? type.toLowerCase() : type;
  if (!TYPES_OF_MARKING.has(kind)) return false;
  if (kind === 'statement' && fixed.edition !== 'opencti') return false;
  const stated = [...statedIn(body, fixed), ...extensionsStated(extensions, fixed)];
  for (const [property, value] of Object.entries(others)) {
    if (HARMLESS.has(property)) continue;
    if (property === 'name') stated.push(saysOf({ name: value }, fixed));
    else if (property.startsWith('x_')) {
      // Of a tool's own properties only those that speak of TLP are read.
      const said = meaningOf({ definition: { [property]: value } });
      stated.push(said === 'none' || said === fixed.tlp || property.endsWith('_type'));
    } else return false;
  }
  return stated.every(Boolean);
}

/** Of `{"tlp": "white"}`: each member must state the level, in the words of that edition. */
function statedIn(body: unknown, fixed: FixedMarking): boolean[] {
  if (body === undefined) return [];
  if (typeof body !== 'object' || body === null) return [false];
  return Object.entries(body).map(([key, value]) => {
    if (typeof value !== 'string') return false;
    if (key.toLowerCase() === 'tlp') return isWordOf(value, fixed);
    if (fixed.edition !== 'opencti' || key !== 'statement') return false;
    const said = meaningOf({ definition: { statement: value } });
    return said === 'none' || said === fixed.tlp;
  });
}

function extensionsStated(extensions: unknown, fixed: FixedMarking): boolean[] {
  if (extensions === undefined) return [];
  if (typeof extensions !== 'object' || extensions === null) return [false];
  return Object.entries(extensions).map(([key, value]) => {
    if (key !== TLP_2_EXTENSION || typeof value !== 'object' || value === null) return false;
    const level: unknown = Reflect.get(value, 'tlp_2_0');
    return typeof level === 'string' && isWordOf(level, fixed);
  });
}

function saysOf(definition: object, { tlp }: FixedMarking): boolean {
  return meaningOf({ definition_type: 'tlp', ...definition }) === tlp;
}

/** In any spelling; but TLP 1 says white where TLP 2.0 says clear. */
function isWordOf(text: string, fixed: FixedMarking): boolean {
  if (!saysOf({ definition: { tlp: text } }, fixed)) return false;
  return fixed.tlp !== 'clear' || text.toLowerCase().includes(wordOf(fixed));
}

function wordOf({ tlp, edition }: FixedMarking): string {
  return edition === 'tlp1' && tlp === 'clear' ? 'white' : tlp;
}
