/** With which other objects an object connects: STIX 2.1 sections 4, 5 and 6. */

export interface Link {
  /** The property that names the other object: `source_ref`, `object_refs`, `sighting_of_ref` … */
  readonly property: string;
  /** The id of the other object. */
  readonly target: string;
}

/** Who made an object and how it is marked does not connect it with anything. */
const NO_LINKS: ReadonlySet<string> = new Set(['created_by_ref', 'object_marking_refs']);

/** The objects that an object names in its own properties `…_ref` and `…_refs`, each once for a property. */
export function linksOf(object: object): Link[] {
  const links: Link[] = [];
  for (const [property, value] of Object.entries(object) as [string, unknown][]) {
    if (NO_LINKS.has(property)) continue;
    if (property.endsWith('_ref')) add(links, property, [value]);
    else if (property.endsWith('_refs') && Array.isArray(value)) add(links, property, value);
  }
  return links;
}

function add(links: Link[], property: string, targets: readonly unknown[]): void {
  for (const target of new Set(targets)) {
    if (typeof target === 'string') links.push({ property, target });
  }
}
