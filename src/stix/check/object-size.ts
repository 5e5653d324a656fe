/** How large one object may be, so that checking it does not take too long. */
import type { Finding } from './finding.ts';
import { JSON_DEPTH_MAX } from '../json/fault.ts';

/** Properties and list items of an object at any depth, its references excepted. */
export const OBJECT_VALUES_MAX = 20_000;
/** Items of its lists of references (`object_refs` …): quick to check, and many in a large report. */
export const OBJECT_REFERENCES_MAX = 100_000;

/** The limit that the object exceeds, if there is one. */
export function sizeFault(object: object): Finding | undefined {
  const { values, references, isTooDeep } = measure(object);
  if (isTooDeep) return fault(`is nested deeper than ${JSON_DEPTH_MAX}`);
  // The property that a revocation adds must not be one too many.
  const revoked = 'revoked' in object ? 1 : 0;
  if (values - revoked > OBJECT_VALUES_MAX) {
    return fault(`has ${values} properties and list items; the limit is ${OBJECT_VALUES_MAX}`);
  }
  if (references <= OBJECT_REFERENCES_MAX) return undefined;
  return fault(`has ${references} references; the limit is ${OBJECT_REFERENCES_MAX}`);
}

/** Characters that the object's lists of references take in its JSON. */
export function referenceCharacters(object: object): number {
  let characters = 0;
  for (const [name, member] of Object.entries(object) as [string, unknown][]) {
    if (!isReferences(name, member)) continue;
    // Two quotes and a comma.
    for (const item of member) characters += typeof item === 'string' ? item.length + 3 : 0;
  }
  return characters;
}

function isReferences(name: string, member: unknown): member is readonly unknown[] {
  return name.endsWith('_refs') && Array.isArray(member);
}

function fault(problem: string): Finding {
  return { code: 'object_too_large', path: '$', detail: `the object ${problem}` };
}

interface Size {
  values: number;
  references: number;
  isTooDeep: boolean;
}

function measure(object: object): Size {
  const size: Size = { values: 0, references: 0, isTooDeep: false };
  for (const [name, member] of Object.entries(object) as [string, unknown][]) {
    size.values += 1;
    if (isReferences(name, member)) measureReferences(member, size);
    else if (typeof member === 'object' && member !== null) count(member, 2, size);
  }
  return size;
}

function measureReferences(list: readonly unknown[], size: Size): void {
  for (const item of list) {
    size.references += 1;
    if (typeof item === 'object' && item !== null) count(item, 3, size);
  }
}

function count(value: object, depth: number, size: Size): void {
  if (depth > JSON_DEPTH_MAX) {
    size.isTooDeep = true;
    return;
  }
  for (const member of Object.values(value) as unknown[]) {
    size.values += 1;
    if (typeof member === 'object' && member !== null) count(member, depth + 1, size);
  }
}
