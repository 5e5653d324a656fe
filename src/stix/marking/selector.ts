/** Selectors of granular markings: STIX 2.1 section 7.2.3.1. */
import type { Finding } from '../check/finding.ts';
import { FINDINGS_MAX } from '../check/finding.ts';
import { jsonPath } from '../json/fault.ts';
import type { StixObject } from '../object.ts';

const CLAUSE = 'STIX 2.1 section 7.2.3.1';
const INDEX = /^\[([0-9]{1,9})\]$/;

/** An error for each selector that selects nothing on the object. */
export function examineSelectors(object: StixObject): Finding[] {
  const { granular_markings: markings } = object;
  if (!Array.isArray(markings)) return [];
  const found: Finding[] = [];
  markings.forEach((marking: { selectors?: unknown }, index) => {
    const { selectors } = marking;
    if (!Array.isArray(selectors)) return;
    selectors.forEach((selector: unknown, place) => {
      if (found.length >= FINDINGS_MAX) return;
      if (typeof selector !== 'string' || selects(object, selector)) return;
      const path = jsonPath(['granular_markings', index, 'selectors', place]);
      const detail = `selects nothing that the object has: ${selector.slice(0, 80).toWellFormed()}`;
      found.push({ code: 'selector_without_content', path, detail, clause: CLAUSE });
    });
  });
  return found;
}

/** True when the selector leads to a value: `labels.[0]`, `external_references.[1].url`. */
export function selects(object: object, selector: string): boolean {
  let value: unknown = object;
  for (const step of selector.split('.')) {
    const index = INDEX.exec(step)?.[1];
    if (typeof value !== 'object' || value === null) return false;
    const isList = Array.isArray(value);
    if (isList !== (index !== undefined)) return false;
    const key = index ?? step;
    if (!Object.hasOwn(value, key)) return false;
    value = (value as Record<string, unknown>)[key];
  }
  return true;
}
