/** The schemas that an OpenAPI document shares among its routes, without what nobody refers to. */
import { isDeepStrictEqual } from 'node:util';

const PREFIX = '#/components/schemas/';
const INPUT = /Input$/;

interface Document {
  components?: { schemas?: Record<string, unknown> };
}

/**
 * Every registered schema comes twice, as it is read (`…Input`) and as it is written. What is not
 * referred to goes; where one of the two is left, or both are the same, it has its plain name. The
 * rest is put in the order of names, so that the document does not change with the order of imports.
 */
export function tidyComponents<D extends object>(document: D): D {
  const { components, ...rest }: Document = document;
  const schemas = components?.schemas ?? {};
  const used = reachable(rest, schemas);
  const named = new Map<string, string>();
  for (const name of used) {
    const plain = name.replace(INPUT, '');
    const alone = !used.has(plain) || isDeepStrictEqual(schemas[name], schemas[plain]);
    named.set(name, alone ? plain : name);
  }
  const kept = [...named].map(([name, plain]): [string, unknown] => [plain, schemas[name]]);
  const sorted = Object.fromEntries(kept.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return renamed({ ...document, components: { ...components, schemas: sorted } }, named);
}

/** The names of the schemas that `value` refers to, through others too. */
function reachable(value: unknown, schemas: Record<string, unknown>): Set<string> {
  const found = new Set<string>();
  const look = (text: string): void => {
    for (const [, name = ''] of text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)) {
      if (found.has(name)) continue;
      found.add(name);
      look(JSON.stringify(schemas[name] ?? null));
    }
  };
  look(JSON.stringify(value));
  return found;
}

function renamed<D>(document: D, names: ReadonlyMap<string, string>): D {
  return JSON.parse(JSON.stringify(document), (key, value: unknown) => {
    if (key !== '$ref' || typeof value !== 'string' || !value.startsWith(PREFIX)) return value;
    const name = value.slice(PREFIX.length);
    return `${PREFIX}${names.get(name) ?? name}`;
  });
}
