/** The routes that a server of this code has, and the names by which its doors tell the audit. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';

const SOURCE = join(import.meta.dirname, '../../src');

/**
 * As `GET /api/v1/changes`; HEAD goes with GET. Read from the tree that the router prints: each
 * line holds what comes after the line that it is indented under.
 */
export function routesOf(app: FastifyInstance): string[] {
  const path: string[] = [];
  const routes: string[] = [];
  for (const line of app.printRoutes({ commonPrefix: false }).split('\n')) {
    const found = /^([│ ]*)[├└]── (.*?)(?: \(([A-Z, ]+)\))?$/.exec(line);
    if (found === null) continue;
    const [, indent = '', part = '', methods = ''] = found;
    path.length = indent.length / 4;
    path.push(part);
    for (const method of methods.split(', ')) {
      // A router that takes a slash at the end prints none before a wildcard.
      const route = path.join('').replace(/(?<!\/)\*/, '/*');
      if (method !== '' && method !== 'HEAD') routes.push(`${method} ${route}`);
    }
  }
  return routes;
}

/** The doors named wherever the source tells what was given to whom. */
export function disclosedDoors(): string[] {
  const names = new Set<string>();
  for (const file of readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts') || /\.test\.ts$|[/\\]generated[/\\]/.test(file)) continue;
    const text = readFileSync(join(SOURCE, file), 'utf8');
    const found = text.matchAll(/isclos(?:e|ure)\(\s*\w+,\s*\w+,\s*'([^']+)'|\bdoor: '([^']+)'/g);
    for (const [, called, recorded] of found) names.add(called ?? recorded ?? '');
  }
  return [...names];
}
