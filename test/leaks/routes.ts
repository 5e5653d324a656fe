/** The routes that a server of this code has. */
import type { FastifyInstance } from 'fastify';

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
