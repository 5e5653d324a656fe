import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { StoreError } from './store-error.ts';

/** A file of functions, views, triggers, policies and rights: `<directory>/<name>.sql`. */
export interface Definition {
  /** The path without its ending, such as `log/read-log`. */
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the file in lower-case hex. */
  readonly checksum: string;
  /** The names in its line `-- Needs: …`: what has to be there when it is applied. */
  readonly needs: readonly string[];
}

/** Reads the definitions in the order in which they can be applied; none where there is no such folder. */
export async function readDefinitions(directory: string): Promise<Definition[]> {
  const paths = await readdir(directory, { recursive: true }).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  });
  const names = paths.filter((path) => path.endsWith('.sql')).toSorted();
  return inOrder(await Promise.all(names.map((name) => readDefinition(directory, name))));
}

async function readDefinition(directory: string, path: string): Promise<Definition> {
  const bytes = await readFile(join(directory, path));
  const sql = bytes.toString('utf8');
  const checksum = createHash('sha256').update(bytes).digest('hex');
  const needs = /^-- Needs: (.*)$/m.exec(sql)?.[1]?.split(', ') ?? [];
  return { name: path.replaceAll('\\', '/').replace(/\.sql$/, ''), sql, checksum, needs };
}

/**
 * Each after what it needs, and otherwise by name.
 * @throws StoreError `migration_failed` for one that needs itself or what is not there
 */
export function inOrder(definitions: readonly Definition[]): Definition[] {
  const byName = new Map(definitions.map((definition) => [definition.name, definition]));
  const ordered = new Set<Definition>();
  const visit = (name: string, path: readonly string[]): void => {
    const definition = byName.get(name);
    if (definition === undefined || path.includes(name)) throw unmet(name, path);
    if (ordered.has(definition)) return;
    for (const needed of definition.needs) visit(needed, [...path, name]);
    ordered.add(definition);
  };
  for (const { name } of definitions) visit(name, []);
  return [...ordered];
}

function unmet(name: string, path: readonly string[]): StoreError {
  const why = path.includes(name) ? 'needs it in turn' : 'does not exist';
  return new StoreError(
    'migration_failed',
    `The definition ${path.at(-1) ?? name} needs ${name}, which ${why}.`,
    'Correct its line "-- Needs: …".',
  );
}
