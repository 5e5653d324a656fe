/**
 * The register of doors. A route that gives content, or tells of members, is read by one of them;
 * every other route stands below with why it is not. What is in neither fails the test.
 */
import { CONTENT_DOORS } from './content-doors.ts';
import type { Door } from './door.ts';
import { LOOKUP_DOORS } from './lookup-doors.ts';
import { MEMBER_DOORS } from './member-doors.ts';
import { PREVIEW_DOORS } from './preview-doors.ts';
import { PUSH_DOORS } from './push-doors.ts';
import { SEARCH_DOORS } from './search-doors.ts';
import { USER_DOORS } from './user-doors.ts';

/** In the order in which they are read. */
export const DOORS: readonly Door[] = [
  ...CONTENT_DOORS,
  ...SEARCH_DOORS,
  ...LOOKUP_DOORS,
  ...PREVIEW_DOORS,
  ...MEMBER_DOORS,
  ...USER_DOORS,
  ...PUSH_DOORS,
];

/** Routes that reveal nothing about what others share, or about memberships. */
const TELLS_NOTHING: Readonly<Record<string, string>> = {
  'GET /healthz': 'whether the server lives',
  'GET /readyz': 'whether it is ready',
  'GET /metrics': 'numbers of the whole server, for its operator',
  'GET /openapi.json': 'the same for everybody',
  'GET /': 'a page, the same for everybody',
  'GET /welcome.css': 'likewise',
  'GET /welcome.js': 'likewise',
  'GET /welcome-api.js': 'likewise',
  'GET /welcome-identity.js': 'likewise',
  'GET /welcome-invitation.js': 'likewise',
  'GET /welcome-qr.js': 'likewise',
  'GET /welcome-qrcode-generator.js': 'likewise',
  'GET /welcome-second-factor.js': 'likewise',
  'GET /welcome-sign-in.js': 'likewise',
  'GET /welcome-view.js': 'likewise',
  'GET /docs': 'the same for everybody, as all below it',
  'POST /api/v1/indicators': 'answers as POST /api/v1/bundles does',
  'POST /api/v1/validate': 'judges what is sent, by the language alone',
  'PATCH /api/v1/objects/:id': 'an act of the sharer; a history does it, and 404 otherwise',
  'POST /api/v1/objects/:id/revoke': 'likewise',
  'POST /api/v1/shares/revoke': 'revokes each object as POST /api/v1/objects/:id/revoke does',
  'POST /api/v1/objects/:id/purge': 'an act of administrators; a history does it',
  'POST /api/v1/subscriptions': 'answers with what was sent',
  'PATCH /api/v1/subscriptions/:id': 'of its owner alone, as GET is',
  'DELETE /api/v1/subscriptions/:id': 'of its owner alone, as GET is',
  'POST /api/v1/subscriptions/:id/test': 'of its owner alone; sends nothing that is shared',
  'POST /api/v1/subscriptions/:id/replay': 'of its owner alone; webhooks are read',
  'POST /api/v1/subscriptions/:id/rotate-secret': 'of its owner alone',
  'POST /api/v1/organisations': 'an act of administrators',
  'PATCH /api/v1/organisations/:slug': 'an act, answered as GET is',
  'GET /api/v1/organisations/:slug/logo': 'what an organisation shows to all members',
  'GET /api/v1/organisations/:slug/quotas': 'of its own organisation, and of all for an admin',
  'PUT /api/v1/organisations/:slug/logo': 'an act, answered with nothing',
  'DELETE /api/v1/organisations/:slug': 'an act of an admin, who may know all',
  'DELETE /api/v1/communities/:slug': 'an act of an admin, who may know all',
  'DELETE /api/v1/organisations/:slug/logo': 'an act, answered with nothing',
  'POST /api/v1/sharing-groups': 'an act, answered as GET is',
  'PATCH /api/v1/sharing-groups/:slug': 'an act, answered as GET is',
  'POST /api/v1/sharing-groups/:slug/members': 'an act; a history does it',
  'DELETE /api/v1/sharing-groups/:slug/members/:organisation': 'an act; a history does it',
  'POST /api/v1/sharing-groups/:slug/owners': 'an act, answered with the group as a read of it is',
  'DELETE /api/v1/sharing-groups/:slug/owners/:organisation': 'an act, answered with nothing',
  'POST /api/v1/agreements': 'an act of administrators',
  'POST /api/v1/agreements/:id/approvals': 'an act of administrators',
  'POST /api/v1/agreements/:id/end': 'an act of administrators',
  'POST /api/v1/communities': 'an act of administrators',
  'POST /api/v1/realms': 'an act of administrators',
  'GET /api/v1/realms': 'an exercise shows itself to its players; test/members/realms.test.ts',
  'GET /api/v1/realms/:slug': 'likewise',
  'POST /api/v1/realms/:slug/archive': 'an act of administrators',
  'POST /api/v1/realms/:slug/wipe': 'an act of administrators',
  'POST /api/v1/users': 'an act, answered as GET is',
  'PATCH /api/v1/users/:id': 'an act, answered as GET is',
  'POST /api/v1/users/:id/invitation': 'an act, answered with a link',
  'POST /api/v1/users/:id/reset-second-factor': 'an act, answered with nothing',
  'DELETE /api/v1/users/:id': 'an act, answered with nothing',
  'DELETE /api/v1/users/:id/identity': 'an act, answered with nothing',
  'GET /api/v1/users/:id/sessions': 'of one user alone, found as GET /api/v1/users/:id',
  'DELETE /api/v1/users/:id/sessions': 'an act, answered with nothing',
  'DELETE /api/v1/users/:id/sessions/:session': 'an act, answered with nothing',
  'POST /api/v1/invitations/describe': 'of one user alone, for the holder of its token',
  'POST /api/v1/invitations/accept': 'an act of the invited user',
  'POST /api/v1/sessions': 'who signs in; told alike whether or not there is such a user',
  'DELETE /api/v1/sessions/:id': 'of one user alone',
  'POST /api/v1/sessions/refresh': 'of one user alone',
  'POST /api/v1/sessions/sign-out': 'of one user alone',
  'GET /api/v1/sso/start': 'leads to the identity provider',
  'GET /api/v1/sso/callback': 'who signs in, as POST /api/v1/sessions',
  'POST /api/v1/sso/second-factor': 'likewise',
  'GET /api/v1/sso/binding': 'of one user alone',
  'POST /api/v1/sso/binding': 'of one user alone',
  'POST /api/v1/me/identity/remove': 'of one user alone',
  'POST /api/v1/me/second-factor': 'of one user alone',
  'POST /api/v1/me/second-factor/confirm': 'of one user alone',
  'POST /api/v1/me/second-factor/remove': 'of one user alone',
  'POST /api/v1/me/password': 'of one user alone',
  'POST /api/v1/keys': 'an act, answered with the key that was made',
  'DELETE /api/v1/keys/:id': 'an act, answered with nothing',
  'POST /api/v1/keys/:id/rotate': 'an act, answered with the key that was made',
  'GET /api/v1/audit/checkpoint': 'one number and one hash, the same for everybody',
  'GET /api/v1/audit/proof': 'hashes; of entries that GET /api/v1/audit shows',
  'GET /api/v1/audit/part': 'hashes, and how many entries GET /api/v1/audit shows',
};

/**
 * The routes that nobody decided about, and the names of doors that no door here answers for; then
 * what stands here though it is not there.
 */
export function undecided(
  routes: readonly string[],
  disclosed: readonly string[],
  doors: readonly Door[] = DOORS,
): string[] {
  const read = new Set([...doors.flatMap((door) => door.routes), ...Object.keys(TELLS_NOTHING)]);
  const told = new Set(doors.flatMap(({ discloses = [] }) => discloses));
  return [
    ...routes
      .filter((route) => !read.has(route) && !/^GET \/docs[/*]/.test(route))
      .map((route) => `not registered: ${route}`),
    ...disclosed.filter((name) => !told.has(name)).map((name) => `not registered: ${name}`),
    ...[...read].filter((route) => !routes.includes(route)).map((route) => `not there: ${route}`),
    ...[...told].filter((name) => !disclosed.includes(name)).map((name) => `not there: ${name}`),
  ];
}
