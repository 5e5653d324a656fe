/**
 * What makes two marking definitions the same one: STIX 2.1 section 7.2.1. A definition has no versions, and
 * each tool writes the same one with a name, a creation time and properties of its own.
 */
import type { StixObject } from '../object.ts';
import { meaningOf } from './marking.ts';

/** What a marking definition defines, and the TLP level that it states anywhere; undefined for other objects. */
export function definitionContent(object: StixObject): object | undefined {
  if (object.type !== 'marking-definition') return undefined;
  const { id, name, definition, extensions, definition_type: type } = object as Properties;
  const tlp = meaningOf(object);
  // Without content, as OpenCTI writes some, the name is all that there is.
  if (definition === undefined && extensions === undefined) return { id, tlp, name };
  return {
    id,
    tlp,
    type: typeof type === 'string' ? type.toLowerCase() : type,
    definition,
    extensions,
  };
}

type Properties = Readonly<Record<string, unknown>>;
