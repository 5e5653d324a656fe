import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { READERS } from '../auth/access.ts';
import { errorPages } from './error-pages.ts';

/**
 * What the pages of /docs may load: what this server itself gives. They work on a network that
 * leads nowhere, and tell nobody who reads them.
 */
const POLICY = {
  'default-src': "'none'",
  'script-src': "'self'",
  'style-src': "'self' 'unsafe-inline'",
  'img-src': "'self' data:",
  'connect-src': "'self'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'frame-ancestors': "'none'",
};

/**
 * `/docs` for people, with `/docs/errors`, and `/openapi.json` for machines: for everybody, or for
 * members only.
 */
export async function docs(
  app: FastifyInstance,
  { readers }: { readonly readers: 'public' | 'members' },
): Promise<void> {
  const access =
    readers === 'public'
      ? { access: readers }
      : { access: READERS, whileInactive: true, inExercises: true };
  app.addHook('onRoute', (route) => {
    route.config = { ...access, ...route.config };
  });
  if (readers === 'members') askBrowsers(app);
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: POLICY,
    theme: { title: 'Tocsin' },
    validatorUrl: false,
  });
  await app.register(errorPages, { prefix: '/docs/errors' });
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
}

/** Browsers ask their user for a name and a password; the key is the password. */
function askBrowsers(app: FastifyInstance): void {
  app.addHook('onSend', async (_request, reply) => {
    if (reply.statusCode === 401) reply.header('www-authenticate', 'Basic realm="tocsin"');
  });
}
