/** What an object refers to: STIX 2.1 sections 2.9 and 3.2, by the names of properties. */

/**
 * The ids in all properties that end with `_ref` or `_refs`, at any depth, in their order. An id that is
 * referred to twice comes twice.
 */
export function referencesOf(object: object): string[] {
  const found: string[] = [];
  gather(object, found);
  return found;
}

function gather(value: object, found: string[]): void {
  for (const [name, member] of Object.entries(value) as [string, unknown][]) {
    if (typeof member === 'string') {
      if (name.endsWith('_ref')) found.push(member);
    } else if (typeof member === 'object' && member !== null) {
      if (name.endsWith('_refs') && Array.isArray(member)) addTexts(member, found);
      else gather(member, found);
    }
  }
}

function addTexts(list: readonly unknown[], found: string[]): void {
  for (const item of list) if (typeof item === 'string') found.push(item);
}
