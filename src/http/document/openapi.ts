import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger';

/** What openapi.yaml says beyond the routes. */
export const openApi: NonNullable<FastifyDynamicSwaggerOptions['openapi']> = {
  openapi: '3.1.0',
  info: {
    title: 'Tocsin',
    version: '1',
    description:
      'Shares indicators of compromise among the members of an alliance.\n\n' +
      'Errors are `application/problem+json` (RFC 9457) with a stable `code`; `type` leads to a ' +
      'page that explains it. What you may not see is not there: 404, as for an id nobody has. ' +
      'Cursors are opaque and belong to your organisation.',
    contact: { name: 'The operator of this server' },
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  servers: [{ url: '/' }],
  tags: [
    { name: 'Sharing', description: 'Posting what others may see' },
    { name: 'Reading', description: 'What your organisation may see' },
    { name: 'Subscriptions', description: 'Signed webhooks' },
    { name: 'Members', description: 'Who is who' },
    { name: 'Exercises', description: 'Realms apart from production' },
    { name: 'Sessions', description: 'How people sign in' },
    { name: 'Audit', description: 'Who did what, with proof that it is whole' },
    { name: 'Operations', description: 'For those who run the server' },
  ],
  components: {
    securitySchemes: {
      key: {
        type: 'http',
        scheme: 'bearer',
        description:
          'A key of your organisation, or the access token of a user. The schemes `Token` and none ' +
          'at all serve too.',
      },
      basic: { type: 'http', scheme: 'basic', description: 'Any user name, the key as password' },
      header: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'The key as it is' },
    },
  },
  security: [{ key: [] }, { basic: [] }, { header: [] }],
};
