import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ROLES, type Role } from '../../src/sharing/member.ts';
import { idleApp } from '../../scripts/openapi-document.ts';
import { routesOf } from '../leaks/routes.ts';
import { anActor, type Actor } from '../support/actors.ts';
import { anExercise, playing } from '../support/exercise.ts';
import { USER_ROLES } from '../../src/access/user-acts.ts';
import { answersOf } from './route-answers.ts';
import { aPerson } from '../support/people.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';

const ALL: readonly Role[] = ROLES;
const ANALYSTS: readonly Role[] = ['admin', 'org_admin', 'publisher', 'analyst'];
const PUBLISHERS: readonly Role[] = ['admin', 'org_admin', 'publisher'];
const ADMINS: readonly Role[] = ['admin', 'org_admin'];
const OPERATORS: readonly Role[] = ['admin'];

/** For a user in person, whatever the role: a key is refused. */
const IN_PERSON = [
  'get /api/v1/sessions',
  'delete /api/v1/sessions/{id}',
  'post /api/v1/me/second-factor',
  'post /api/v1/me/second-factor/confirm',
  'post /api/v1/me/second-factor/remove',
  'post /api/v1/me/password',
  'post /api/v1/me/identity/remove',
];

/** It judges by itself, since a token of the operator opens it too. */
const METRICS = 'get /metrics';
const MATRIX: Record<string, 'public' | readonly Role[]> = {
  'get /healthz': 'public',
  'get /readyz': 'public',
  [METRICS]: 'public',
  'post /api/v1/bundles': PUBLISHERS,
  'post /api/v1/indicators': PUBLISHERS,
  'post /api/v1/values': PUBLISHERS,
  'post /api/v1/validate': ALL,
  'get /api/v1/indicators': ALL,
  'get /api/v1/objects': ALL,
  'get /api/v1/lookup/{value}': ALL,
  'post /api/v1/lookup': ALL,
  'get /api/v1/lookup/range/{prefix}': ALL,
  'get /api/v1/indicators/facets': ALL,
  'get /api/v1/objects/facets': ALL,
  'get /api/v1/objects/{id}/related': ALL,
  'get /api/v1/objects/{id}': ALL,
  'get /api/v1/objects/{id}/history': ALL,
  'patch /api/v1/objects/{id}': PUBLISHERS,
  'post /api/v1/objects/{id}/revoke': PUBLISHERS,
  'get /api/v1/objects/{id}/access': PUBLISHERS,
  'post /api/v1/audiences/preview': PUBLISHERS,
  'get /api/v1/shares': PUBLISHERS,
  'get /api/v1/shares/{id}': PUBLISHERS,
  'post /api/v1/shares/revoke': PUBLISHERS,
  'post /api/v1/objects/{id}/purge': OPERATORS,
  'get /api/v1/changes': ALL,
  'get /api/v1/stream': ALL,
  'get /api/v1/me': ALL,
  'post /api/v1/subscriptions': ADMINS,
  'get /api/v1/subscriptions': ANALYSTS,
  'get /api/v1/subscriptions/{id}': ANALYSTS,
  'patch /api/v1/subscriptions/{id}': ADMINS,
  'delete /api/v1/subscriptions/{id}': ADMINS,
  'post /api/v1/subscriptions/{id}/test': ADMINS,
  'post /api/v1/subscriptions/{id}/replay': ADMINS,
  'post /api/v1/subscriptions/{id}/rotate-secret': ADMINS,
  'get /api/v1/subscriptions/{id}/attempts': ANALYSTS,
  'get /api/v1/organisations': ANALYSTS,
  'get /api/v1/organisations/directory': ANALYSTS,
  'get /api/v1/organisations/{slug}': ANALYSTS,
  'post /api/v1/organisations': OPERATORS,
  'patch /api/v1/organisations/{slug}': ADMINS,
  'get /api/v1/organisations/{slug}/quotas': ADMINS,
  'delete /api/v1/organisations/{slug}': OPERATORS,
  'get /api/v1/organisations/{slug}/logo': ANALYSTS,
  'put /api/v1/organisations/{slug}/logo': ADMINS,
  'delete /api/v1/organisations/{slug}/logo': ADMINS,
  'get /api/v1/sharing-groups': ANALYSTS,
  'post /api/v1/sharing-groups': PUBLISHERS,
  'get /api/v1/sharing-groups/{slug}': ANALYSTS,
  'get /api/v1/sharing-group-invitations': ANALYSTS,
  'patch /api/v1/sharing-groups/{slug}': PUBLISHERS,
  'post /api/v1/sharing-groups/{slug}/members': PUBLISHERS,
  'delete /api/v1/sharing-groups/{slug}/members/{organisation}': PUBLISHERS,
  'post /api/v1/sharing-groups/{slug}/owners': PUBLISHERS,
  'delete /api/v1/sharing-groups/{slug}/owners/{organisation}': PUBLISHERS,
  'get /api/v1/agreements': ADMINS,
  'post /api/v1/agreements': OPERATORS,
  'post /api/v1/agreements/{id}/approvals': OPERATORS,
  'post /api/v1/agreements/{id}/end': OPERATORS,
  'get /api/v1/communities': ANALYSTS,
  'post /api/v1/communities': OPERATORS,
  'delete /api/v1/communities/{slug}': OPERATORS,
  'get /api/v1/keys': ADMINS,
  'post /api/v1/keys': ADMINS,
  'delete /api/v1/keys/{id}': ADMINS,
  'post /api/v1/keys/{id}/rotate': ADMINS,
  'get /api/v1/notices': ADMINS,
  'post /api/v1/realms': OPERATORS,
  'get /api/v1/realms': ANALYSTS,
  'get /api/v1/realms/{slug}': ANALYSTS,
  'post /api/v1/realms/{slug}/archive': OPERATORS,
  'post /api/v1/realms/{slug}/wipe': OPERATORS,
  'get /api/v1/users': ADMINS,
  'post /api/v1/users': ADMINS,
  'get /api/v1/users/{id}': ADMINS,
  'patch /api/v1/users/{id}': ADMINS,
  'delete /api/v1/users/{id}': ADMINS,
  'post /api/v1/users/{id}/invitation': ADMINS,
  'post /api/v1/users/{id}/reset-second-factor': ADMINS,
  'delete /api/v1/users/{id}/identity': ADMINS,
  'get /api/v1/users/{id}/sessions': ADMINS,
  'delete /api/v1/users/{id}/sessions': ADMINS,
  'delete /api/v1/users/{id}/sessions/{session}': ADMINS,
  'post /api/v1/invitations/describe': 'public',
  'post /api/v1/invitations/accept': 'public',
  'post /api/v1/sessions': 'public',
  'post /api/v1/sessions/refresh': 'public',
  'post /api/v1/sessions/sign-out': 'public',
  'get /api/v1/sso/start': 'public',
  'get /api/v1/sso/callback': 'public',
  'post /api/v1/sso/second-factor': 'public',
  'get /api/v1/sso/binding': 'public',
  'post /api/v1/sso/binding': 'public',
  ...Object.fromEntries(IN_PERSON.map((route) => [route, ANALYSTS])),
  'get /api/v1/audit': ADMINS,
  'get /api/v1/audit/checkpoint': ALL,
  'get /api/v1/audit/proof': ADMINS,
  'get /api/v1/audit/part': ADMINS,
};

/** What keys of an exercise may not call whatever their role: it is of production, or of all. */
const PRODUCTION_ONLY = [
  ...Object.keys(MATRIX).filter((route) => MATRIX[route] === OPERATORS),
  ...Object.keys(MATRIX).filter((route) => route.includes('/api/v1/organisations')),
  'get /api/v1/agreements',
  'get /api/v1/notices',
  // Users are of production.
  ...Object.keys(MATRIX).filter((route) => route.includes('/api/v1/users')),
  ...IN_PERSON,
  'get /api/v1/audit',
  'get /api/v1/audit/checkpoint',
  'get /api/v1/audit/proof',
  'get /api/v1/audit/part',
];
/** What the public ones that take a body say to none. */
const PUBLIC_POSTS = ['body_missing', 'refresh_token_invalid'];

let tocsin: Tocsin;
let player: Actor;
const actors = new Map<Role, Actor>();
/** Of an organisation without an agreement in force. */
const idle = new Map<Role, Actor>();
const people = new Map<Role, Actor>();

beforeAll(async () => {
  // A wrong key is tried at every route.
  tocsin = await startTocsin({ settings: { TOCSIN_RATE_WRONG_KEYS: '1000' } });
  const orgAdmin = await anActor(tocsin);
  const other = await anActor(tocsin);
  for (const role of ROLES) {
    actors.set(role, await orgAdmin.as(role));
    idle.set(role, await other.as(role));
  }
  player = await playing(tocsin, orgAdmin, await anExercise(tocsin, [orgAdmin]));
  await tocsin.sql(
    `update agreement set ended_at = now()
     where organisation_id = (select id from organisation where slug = $1)`,
    [other.slug],
  );
  for (const role of USER_ROLES) {
    people.set(role, await (await aPerson(tocsin, orgAdmin, { role })).signsIn());
  }
});
afterAll(() => tocsin.close());

/** The status and code of a call that asks for nothing that exists, and is refused early or late. */
async function call(route: string, key?: string): Promise<{ status: number; code?: string }> {
  const [method = '', path = ''] = route.split(' ');
  const url = new URL(path.replaceAll(/\{\w+\}/g, randomUUID()), tocsin.url);
  // A cursor of nobody's ends the stream before it begins.
  if (path.endsWith('/stream')) url.searchParams.set('after', 'nobody');
  const headers: Record<string, string> = key === undefined ? {} : { 'x-api-key': key };
  const response = await fetch(url, { method: method.toUpperCase(), headers });
  const text = await response.text();
  const isProblem =
    text !== '' && response.headers.get('content-type')?.startsWith('application/problem+json');
  const code = isProblem === true ? (JSON.parse(text) as { code: string }).code : undefined;
  return { status: response.status, ...(code === undefined ? {} : { code }) };
}

it('decides who may call every route there is', async () => {
  const { app, close } = await idleApp();
  await app.ready();
  // Pages, and what documents the server, are the same for everybody, and stand in no document.
  const routes = routesOf(app).filter((route) => !/^GET \/(?:docs|openapi|welcome|$)/.test(route));
  await close();
  const named = routes.map((route) => route.replaceAll(/:(\w+)/g, '{$1}'));
  const decided = Object.keys(MATRIX).map((route) => route.replace(/^\w+/, asMethod));
  expect(named.toSorted()).toEqual(decided.toSorted());
});

function asMethod(name: string): string {
  return name.toUpperCase();
}

const closed = Object.entries(MATRIX).flatMap(([route, access]) =>
  access === 'public' ? [] : [[route, access] as const],
);
const cells = closed.flatMap(([route, access]) =>
  ROLES.map((role) => [role, route, access.includes(role)] as const),
);

async function expectAnswer(
  route: string,
  key: string | undefined,
  refusal: string | undefined,
): Promise<void> {
  expect(key).toBeDefined();
  const { status, code } = await call(route, key);
  if (refusal !== undefined) expect({ status, code }).toEqual({ status: 403, code: refusal });
  else expect(answersOf(route)).toContain(status);
}

it.each(cells)('%s %s: %s', async (role, route, may) => {
  const inPerson = IN_PERSON.includes(route) ? 'user_needed' : undefined;
  await expectAnswer(route, actors.get(role)?.key, may ? inPerson : 'role_not_allowed');
});

it.each(closed)('%s: for an exercise or not', async (route) => {
  const { status, code } = await call(route, player.key);
  const refused = PRODUCTION_ONLY.includes(route);
  expect([status === 403, code?.endsWith('_not_allowed') === true]).toEqual([refused, refused]);
});
it.each(cells.filter(([role]) => USER_ROLES.some((name) => name === role)))(
  'a user: %s %s: %s',
  async (role, route, may) => {
    await expectAnswer(route, people.get(role)?.key, may ? undefined : 'role_not_allowed');
  },
);

it.each(closed)('%s takes a key', async (route) => {
  expect(await call(route)).toEqual({ status: 401, code: 'key_missing' });
  const invalid = { status: 401, code: 'key_invalid' };
  expect(await call(route, `${actors.get('admin')?.key}x`)).toEqual(invalid);
});

/** A member whose agreement has ended gets what is withdrawn from it, and proof of what it did. */
const WHILE_INACTIVE = ['get /api/v1/changes', 'get /api/v1/stream'];
const allowed = cells.filter(([, , may]) => may);
it.each(allowed)('%s %s: only for active organisations', async (role, route) => {
  const { status, code } = await call(route, idle.get(role)?.key);
  const refusal = IN_PERSON.includes(route) ? 'user_needed' : 'organisation_not_active';
  if (WHILE_INACTIVE.includes(route)) expect(answersOf(route)).toContain(status);
  else expect({ status, code }).toEqual({ status: 403, code: refusal });
});

it.each(closed.filter(([route]) => route.startsWith('get')))(
  'HEAD is refused where %s is',
  async (route, access) => {
    const head = route.replace('get', 'head');
    expect((await call(head)).status).toBe(401);
    for (const role of ROLES) {
      if (access.includes(role)) continue;
      expect((await call(head, actors.get(role)?.key)).status).toBe(403);
    }
  },
);

it('get /metrics takes an admin, where it is not the operator’s token', async () => {
  expect(await call(METRICS)).toEqual({ status: 401, code: 'key_missing' });
  for (const role of ROLES) {
    const { status } = await call(METRICS, actors.get(role)?.key);
    expect([role, status]).toEqual([role, role === 'admin' ? 200 : 403]);
  }
});

const PUBLIC = Object.keys(MATRIX).filter((route) => MATRIX[route] === 'public');
it.each(PUBLIC.filter((route) => route !== METRICS))('%s takes no key', async (route) => {
  const { status, code } = await call(route);
  if (route.includes('/sso/'))
    expect(['not_found', 'invalid_request', 'body_missing']).toContain(code);
  else if (route.startsWith('post ')) expect(PUBLIC_POSTS).toContain(code);
  else expect([status, code]).toEqual(status === 503 ? [503, 'not_ready'] : [200, undefined]);
});

it('answers 404 for a path that nobody made, key or not', async () => {
  const nothing = { status: 404, code: 'not_found' };
  for (const key of [undefined, actors.get('admin')?.key])
    expect(await call('get /api/v1/nothing', key)).toEqual(nothing);
});
