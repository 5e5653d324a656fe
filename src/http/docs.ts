import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
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

/** `/docs` for people, with `/docs/errors`, and `/openapi.json` for machines. */
export async function docs(app: FastifyInstance): Promise<void> {
  app.addHook('onRoute', (route) => {
    route.config = { access: 'public', ...route.config };
  });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: POLICY,
    theme: { title: 'Tocsin' },
    validatorUrl: false,
  });
  await app.register(errorPages, { prefix: '/docs/errors' });
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
}
