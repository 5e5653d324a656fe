import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';

/** What openapi.yaml says beyond the routes. */
export const openApi: NonNullable<FastifyDynamicSwaggerOptions['openapi']> = {
  openapi: '3.1.0',
  info: {
    title: 'Tocsin',
    version: '1',
    description:
      'Shares indicators of compromise among the members of an alliance. Errors are ' +
      'application/problem+json (RFC 9457) with a stable `code`.',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  tags: [
    { name: 'Sharing', description: 'Posting what others may see' },
    { name: 'Reading', description: 'What your organisation may see' },
    { name: 'Subscriptions', description: 'Signed webhooks' },
    { name: 'Members', description: 'Who is who' },
    { name: 'Operations', description: 'For those who run the server' },
  ],
  components: {
    securitySchemes: {
      key: { type: 'http', scheme: 'bearer', description: 'A key of your organisation' },
      basic: { type: 'http', scheme: 'basic', description: 'Any user name, the key as password' },
      header: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
    },
  },
  security: [{ key: [] }, { basic: [] }, { header: [] }],
};
