import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';

/** What openapi.yaml says beyond the routes. */
export const openApi: NonNullable<FastifyDynamicSwaggerOptions['openapi']> = {
  openapi: '3.1.0',
  info: {
    title: 'Tocsin',
    version: '1',
    description:
      'Shares indicators of compromise among the members of an alliance.\n\n' +
      'Errors are `application/problem+json` (RFC 9457) with a stable `code`; `type` is the ' +
      'URL of a page that explains it. Objects that you may not see do not exist for you: 404, as for an unknown id. ' +
      'Cursors are opaque and belong to your organisation.',
    contact: { name: 'The operator of this server' },
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  servers: [{ url: '/' }],
  tags: [
    { name: 'Sharing', description: 'Share objects' },
    { name: 'Reading', description: 'Read what your organisation may see' },
    { name: 'Subscriptions', description: 'Signed webhooks' },
    { name: 'Members', description: 'Organisations, communities, groups, agreements and keys' },
    { name: 'Exercises', description: 'Realms apart from production' },
    { name: 'Sessions', description: 'Sign-in, sessions and users' },
    { name: 'Audit', description: 'Who did what, with proof that the record is complete' },
    { name: 'Operations', description: 'For operators' },
  ],
  components: {
    securitySchemes: {
      key: {
        type: 'http',
        scheme: 'bearer',
        description:
          'A key of your organisation, or the access token of a user. The scheme `Token`, ' +
          'or no scheme, works too.',
      },
      basic: {
        type: 'http',
        scheme: 'basic',
        description: 'Any user name, with the key as password',
      },
      header: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'The key' },
    },
  },
  security: [{ key: [] }, { basic: [] }, { header: [] }],
};
