/** A valid request for every route that writes, by name; what it is about is made for it alone. */
import { ACCOUNT_REQUESTS } from './account-requests.ts';
import { bundle, indicator } from './builders.ts';
import { made, named, type Arrange, type Cast } from './cast.ts';
import { slug } from './actors.ts';
import { anExercise } from './exercise.ts';
import { admits } from './groups.ts';

const HOOK = { url: 'https://127.0.0.1:9/hook' };
const REASON = { reason: 'a test' };

async function shared({ chief }: Cast, query: object = {}): Promise<string> {
  const object = indicator();
  await chief.shares(object, query);
  return object.id;
}

function aGroupOf({ chief }: Cast): Promise<string> {
  return made(chief, '/sharing-groups', named('group'), 'slug');
}

function subscription({ chief }: Cast): Promise<string> {
  return made(chief, '/subscriptions', HOOK, 'id');
}

/** A partner's agreement, which waits for approvals. */
async function agreement({ admin }: Cast): Promise<string> {
  const partner = { ...named('partner'), kind: 'industry', communities: [] };
  const organisation = await made(admin, '/organisations', partner, 'slug');
  const wish = { organisation, community: 'alliance', title: 'MOU', kind: 'mou', ceiling: 'amber' };
  return made(admin, '/agreements', wish, 'id');
}

async function exercise({ tocsin, chief }: Cast): Promise<string> {
  return (await anExercise(tocsin, [chief])).slug;
}

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

export const WRITING: Readonly<Record<string, Arrange>> = {
  'POST /bundles': async ({ chief }) => ({
    who: chief,
    path: '/bundles',
    body: bundle([indicator()]),
  }),
  'POST /bundles, one object a line': async ({ chief }) => ({
    who: chief,
    path: '/bundles',
    body: `${JSON.stringify(indicator())}\n`,
    type: 'application/x-ndjson',
  }),
  'POST /values': async ({ chief }) => ({
    who: chief,
    path: '/values',
    body: { values: ['198.51.100.7'] },
  }),
  'POST /values, as text': async ({ chief }) => ({
    who: chief,
    path: '/values',
    body: 'written.example\n',
    type: 'text/plain',
  }),
  'POST /indicators': async ({ chief }) => ({ who: chief, path: '/indicators', body: indicator() }),
  'PATCH /objects/:id': async (cast) => ({
    who: cast.chief,
    path: `/objects/${await shared(cast)}`,
    body: { audience: [cast.other.slug] },
  }),
  'POST /objects/:id/revoke': async (cast) => ({
    who: cast.chief,
    path: `/objects/${await shared(cast)}/revoke`,
  }),
  'POST /shares/revoke': async (cast) => ({
    who: cast.chief,
    path: '/shares/revoke',
    body: { ids: [await shared(cast)] },
  }),
  'POST /objects/:id/purge': async (cast) => ({
    who: cast.admin,
    path: `/objects/${await shared(cast)}/purge`,
    body: REASON,
  }),
  'POST /subscriptions': async ({ chief }) => ({ who: chief, path: '/subscriptions', body: HOOK }),
  'PATCH /subscriptions/:id': async (cast) => ({
    who: cast.chief,
    path: `/subscriptions/${await subscription(cast)}`,
    body: { description: 'changed' },
  }),
  'DELETE /subscriptions/:id': async (cast) => ({
    who: cast.chief,
    path: `/subscriptions/${await subscription(cast)}`,
  }),
  'POST /subscriptions/:id/replay': async (cast) => ({
    who: cast.chief,
    path: `/subscriptions/${await subscription(cast)}/replay`,
    body: { start: 'now' },
  }),
  'POST /subscriptions/:id/rotate-secret': async (cast) => ({
    who: cast.chief,
    path: `/subscriptions/${await subscription(cast)}/rotate-secret`,
    body: {},
  }),
  'POST /organisations': async ({ admin }) => ({
    who: admin,
    path: '/organisations',
    body: { ...named('new'), kind: 'allied_nation' },
  }),
  'PATCH /organisations/:slug': async ({ chief }) => ({
    who: chief,
    path: `/organisations/${chief.slug}`,
    body: { name: slug('Name') },
  }),
  'DELETE /organisations/:slug': async ({ admin }) => {
    const wish = { ...named('gone'), kind: 'industry', communities: [] };
    return {
      who: admin,
      path: `/organisations/${await made(admin, '/organisations', wish, 'slug')}`,
    };
  },
  'PUT /organisations/:slug/logo': async ({ chief }) => ({
    who: chief,
    path: `/organisations/${chief.slug}/logo`,
    body: PNG,
    type: 'image/png',
  }),
  'DELETE /organisations/:slug/logo': async ({ tocsin, chief }) => {
    await tocsin.sql(
      `insert into organisation_logo (organisation_id, media_type, content)
       select id, 'image/png', $2 from organisation where slug = $1 on conflict do nothing`,
      [chief.slug, PNG],
    );
    return { who: chief, path: `/organisations/${chief.slug}/logo` };
  },
  'POST /sharing-groups': async ({ chief }) => ({
    who: chief,
    path: '/sharing-groups',
    body: named('group'),
  }),
  'PATCH /sharing-groups/:slug': async (cast) => ({
    who: cast.chief,
    path: `/sharing-groups/${await aGroupOf(cast)}`,
    body: { description: 'changed' },
  }),
  'POST /sharing-groups/:slug/members': async (cast) => ({
    who: cast.chief,
    path: `/sharing-groups/${await aGroupOf(cast)}/members`,
    body: { organisation: cast.other.slug },
  }),
  'DELETE /sharing-groups/:slug/members/:organisation': async (cast) => {
    const group = await aGroupOf(cast);
    await admits(cast.chief, group, cast.other);
    return { who: cast.chief, path: `/sharing-groups/${group}/members/${cast.other.slug}` };
  },
  'POST /sharing-groups/:slug/owners': async (cast) => ({
    who: cast.chief,
    path: `/sharing-groups/${await aGroupOf(cast)}/owners`,
    body: { organisation: cast.other.slug },
  }),
  'DELETE /sharing-groups/:slug/owners/:organisation': async (cast) => {
    const path = `/sharing-groups/${await aGroupOf(cast)}/owners`;
    const body = { organisation: cast.other.slug };
    await cast.admin.sends('post', path).send(body).expect(200);
    return { who: cast.chief, path: `${path}/${cast.other.slug}` };
  },
  'POST /agreements': async ({ admin, other }) => ({
    who: admin,
    path: '/agreements',
    body: {
      organisation: other.slug,
      community: await made(admin, '/communities', named('circle'), 'slug'),
      title: 'MOU',
      kind: 'mou',
      ceiling: 'amber',
    },
  }),
  'POST /agreements/:id/approvals': async (cast) => ({
    who: cast.admin,
    path: `/agreements/${await agreement(cast)}/approvals`,
  }),
  'POST /agreements/:id/end': async (cast) => ({
    who: cast.admin,
    path: `/agreements/${await agreement(cast)}/end`,
  }),
  'POST /communities': async ({ admin }) => ({
    who: admin,
    path: '/communities',
    body: named('circle'),
  }),
  'DELETE /communities/:slug': async ({ admin }) => ({
    who: admin,
    path: `/communities/${await made(admin, '/communities', named('circle'), 'slug')}`,
  }),
  'POST /keys': async ({ chief }) => ({ who: chief, path: '/keys', body: { role: 'feed' } }),
  'DELETE /keys/:id': async ({ chief }) => ({
    who: chief,
    path: `/keys/${await made(chief, '/keys', { role: 'feed' }, 'id')}`,
  }),
  'POST /keys/:id/rotate': async ({ chief }) => ({
    who: chief,
    path: `/keys/${await made(chief, '/keys', { role: 'feed' }, 'id')}/rotate`,
    body: {},
  }),
  'POST /realms': async ({ admin, chief }) => ({
    who: admin,
    path: '/realms',
    body: {
      ...named('exercise'),
      from: '2026-01-01T00:00:00Z',
      until: '2099-01-01T00:00:00Z',
      members: [chief.slug],
    },
  }),
  'POST /realms/:slug/archive': async (cast) => ({
    who: cast.admin,
    path: `/realms/${await exercise(cast)}/archive`,
    body: REASON,
  }),
  'POST /realms/:slug/wipe': async (cast) => {
    const path = `/realms/${await exercise(cast)}`;
    await cast.admin.sends('post', `${path}/archive`).send(REASON).expect(200);
    return { who: cast.admin, path: `${path}/wipe`, body: REASON };
  },
  ...ACCOUNT_REQUESTS,
};
