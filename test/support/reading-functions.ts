/** What src/reading/ exports: the only way to shared content. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { doorOf } from '../../src/reading/metered.ts';

const ROOM = join(import.meta.dirname, '../../src/reading');
/** It makes the functions of the others. */
const MAKER = 'metered.ts';

/** The exports of each file of the room, as `object.ts readObject`. */
export async function readingExports(): Promise<ReadonlyMap<string, unknown>> {
  const found = new Map<string, unknown>();
  for (const file of readdirSync(ROOM, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts') || file.endsWith('.test.ts') || file === MAKER) continue;
    const exported: Record<string, unknown> = await import(join(ROOM, file));
    for (const [name, value] of Object.entries(exported)) found.set(`${file} ${name}`, value);
  }
  return found;
}

/** The names of exports that could give content without recording and counting it. */
export function unmetered(exported: ReadonlyMap<string, unknown>): string[] {
  return [...exported].filter(([, value]) => !isHarmless(value)).map(([name]) => name);
}

/** Whether a value can give nothing, or gives what it gives through a meter. */
function isHarmless(value: unknown): boolean {
  if (typeof value === 'number' || typeof value === 'string') return true;
  return typeof value === 'function' && doorOf(value) !== undefined;
}

/** The names by which the audit knows what the functions of the room give. */
export async function disclosedDoors(): Promise<string[]> {
  const names = new Set<string>();
  for (const value of (await readingExports()).values()) {
    const door = typeof value === 'function' ? doorOf(value) : undefined;
    if (door !== undefined) names.add(door);
  }
  return [...names];
}
