/** The doors that tell of members: who is there, who is in what, and what was done. */
import { chainAll } from '../../src/audit/chain.ts';
import { FOUNDERS } from './founding.ts';
import { askAs, isTurnedAway, refuseWords, roleOf, type Door, type Visit } from './door.ts';
import type { Hearing } from './judge.ts';
import { idOf, objectsIn, type World } from './world.ts';

/** Reads a page for members; nothing where the viewer is turned away. */
async function read(
  visit: Visit,
  hearing: Hearing,
  path: string,
  more: Parameters<typeof askAs>[2] = {},
): Promise<string> {
  const answer = await askAs(visit, path, { role: 'analyst', ...more });
  if (isTurnedAway(visit, hearing, answer)) return '';
  refuseWords(visit, hearing, answer.text);
  return answer.text;
}

/** Who takes part is there for all; who does not, for itself alone, which is turned away. */
function isActive({ model }: World, name: string): boolean {
  return model.members.organisations.get(name)?.status === 'active';
}

const organisations: Door = {
  name: 'organisations',
  routes: ['GET /api/v1/organisations', 'GET /api/v1/organisations/:slug'],
  every: 6,
  async read(visit, hearing) {
    const { world, viewer } = visit;
    const text = await read(visit, hearing, '/organisations');
    if (text === '') return;
    const all = JSON.parse(text) as { organisations: { slug: string }[] };
    const there = new Set(all.organisations.map(({ slug }) => world.nameOf(slug)));
    for (const { name } of FOUNDERS) {
      hearing.compare(name, there.has(name), { due: isActive(world, name) });
    }
    hearContacts(visit, hearing, text, (of) => visit.who.person && of === viewer);
    for (const { name } of FOUNDERS) {
      const even = world.model.objects().length % 2 === 0;
      const role = roleOf(visit, even ? 'analyst' : 'org_admin');
      const path = `/organisations/${world.slugOf(name)}`;
      const one = await askAs(visit, path, { role });
      hearing.compare(name, one.status === 200, { due: isActive(world, name), detail: 'alone' });
      hearContacts(visit, hearing, one.text, (of) => role === 'org_admin' && of === viewer);
    }
  },
};

/** A contact that its organisation does not show is for its own org_admins. */
function hearContacts(
  { world }: Visit,
  hearing: Hearing,
  text: string,
  may: (organisation: string) => boolean,
): void {
  for (const { name } of FOUNDERS) {
    const shown = text.includes(`secret-${world.slugOf(name)}`);
    hearing.compare(`contact of ${name}`, shown, { due: false, may: may(name) });
  }
}

const directory: Door = {
  name: 'directory',
  routes: ['GET /api/v1/organisations/directory'],
  every: 5,
  async read(visit, hearing) {
    for (const accept of ['text/csv', 'text/vcard']) {
      const text = await read(visit, hearing, '/organisations/directory', { accept });
      if (text === '') return;
      for (const { name } of FOUNDERS) {
        const shown = text.includes(`known-${visit.world.slugOf(name)}`);
        hearing.compare(name, shown, { due: isActive(visit.world, name), detail: accept });
      }
      hearContacts(visit, hearing, text, () => false);
    }
  },
};

interface GroupAnswer {
  readonly slug: string;
  readonly members: readonly string[] | null;
  readonly invited_members: readonly string[] | null;
}

const groups: Door = {
  name: 'sharing groups',
  routes: ['GET /api/v1/sharing-groups', 'GET /api/v1/sharing-groups/:slug'],
  every: 3,
  async read(visit, hearing) {
    const text = await read(visit, hearing, '/sharing-groups');
    if (text === '') return;
    const { sharing_groups: all } = JSON.parse(text) as { sharing_groups: GroupAnswer[] };
    hearGroups(visit, hearing, all);
    const { world } = visit;
    const single: GroupAnswer[] = [];
    for (const name of world.model.members.groups.keys()) {
      const one = await askAs(visit, `/sharing-groups/${world.slugOf(name)}`, { role: 'analyst' });
      if (one.status === 200) single.push(JSON.parse(one.text) as GroupAnswer);
    }
    hearGroups(visit, hearing, single);
  },
};

/** Open ones are for all; their members are for owners, and for members who are not hidden. */
function hearGroups({ world, viewer }: Visit, hearing: Hearing, told: GroupAnswer[]): void {
  const answers = new Map(told.map((group) => [world.nameOf(group.slug), group]));
  for (const [name, group] of world.model.members.groups) {
    const { owner, members, invited, open, hidden } = group;
    const [keeps, within] = [owner === viewer, members.has(viewer)];
    const answer = answers.get(name);
    const isThere = open || keeps || within || invited.has(viewer);
    hearing.compare(name, answer !== undefined, { due: isThere });
    const due = keeps || (within && !hidden);
    const named = (slugs: readonly string[] | null = null) => new Set(slugs?.map(world.nameOf));
    const [listed, asked] = [named(answer?.members), named(answer?.invited_members)];
    for (const member of members) {
      hearing.compare(`${member} in ${name}`, listed.has(member), { due });
    }
    for (const one of invited) {
      hearing.compare(`${one} invited into ${name}`, asked.has(one), { due: keeps });
      hearing.compare(`${one} in ${name}`, listed.has(one), { due: false });
    }
  }
}

const invitations: Door = {
  name: 'invitations into sharing groups',
  routes: ['GET /api/v1/sharing-group-invitations'],
  every: 3,
  async read(visit, hearing) {
    const text = await read(visit, hearing, '/sharing-group-invitations');
    if (text === '') return;
    const { world, viewer } = visit;
    const all = JSON.parse(text) as { invitations: { group: string }[] };
    const told = new Set(all.invitations.map(({ group }) => world.nameOf(group)));
    for (const [name, { invited }] of world.model.members.groups) {
      hearing.compare(`invitation into ${name}`, told.has(name), { due: invited.has(viewer) });
    }
  },
};

const communities: Door = {
  name: 'communities',
  routes: ['GET /api/v1/communities'],
  every: 3,
  async read(visit, hearing) {
    const text = await read(visit, hearing, '/communities');
    if (text === '') return;
    const all = JSON.parse(text) as { communities: { slug: string; within: string[] }[] };
    const told = new Set(all.communities.flatMap(({ slug, within }) => [slug, ...within]));
    const { model, slugOf } = visit.world;
    const within = model.members.within(visit.viewer);
    for (const name of model.members.communities.keys()) {
      hearing.compare(name, told.has(slugOf(name)), { due: within.has(name) });
    }
  },
};

const me: Door = {
  name: 'me',
  routes: ['GET /api/v1/me'],
  every: 2,
  async read(visit, hearing) {
    const text = await read(visit, hearing, '/me', { role: visit.role });
    if (text === '') return;
    const { audiences } = JSON.parse(text) as { audiences: { slug: string }[] };
    const told = new Set(audiences.map(({ slug }) => visit.world.nameOf(slug)));
    const { members } = visit.world.model;
    const within = members.within(visit.viewer);
    for (const name of [...members.communities.keys(), ...members.groups.keys()]) {
      hearing.compare(name, told.has(name), { due: within.has(name) });
    }
  },
};

/** Pages of records that are each of one organisation, and for nobody else. */
const owned: Door = {
  name: 'own records',
  routes: [
    'GET /api/v1/agreements',
    'GET /api/v1/keys',
    'GET /api/v1/subscriptions',
    'GET /api/v1/notices',
  ],
  every: 4,
  async read(visit, hearing) {
    const { world, viewer } = visit;
    for (const path of ['/agreements', '/keys', '/subscriptions', '/notices']) {
      const text = await read(visit, hearing, path, { role: 'org_admin' });
      if (text === '') return;
      for (const { name } of FOUNDERS) {
        // Of a subscription, the host alone is shown; its id tells whose it is.
        const subscription = visit.subscriptions.get(name);
        const isHere = path === '/subscriptions' && subscription !== undefined;
        const shown = text.includes(isHere ? subscription : world.slugOf(name));
        const own = name === viewer;
        // There need not be anything to notice.
        const due = own && path !== '/notices';
        hearing.compare(name, shown, { due, may: own, detail: path });
      }
    }
  },
};

/** What was tried at an endpoint, with how much it held, is for its owner. */
const attempts: Door = {
  name: 'attempts',
  routes: ['GET /api/v1/subscriptions/:id', 'GET /api/v1/subscriptions/:id/attempts'],
  every: 10,
  async read(visit, hearing) {
    if (!visit.sight.takesPart) return;
    for (const [name, id] of visit.subscriptions) {
      for (const path of [`/subscriptions/${id}`, `/subscriptions/${id}/attempts`]) {
        const { status } = await askAs(visit, path, { role: 'analyst' });
        hearing.compare(name, status === 200, { due: name === visit.viewer, detail: path });
      }
    }
  },
};

const PAGE = 1000;

/** Its own part of the audit: what it did to objects itself stands there by their ids. */
const audit: Door = {
  name: 'audit',
  routes: ['GET /api/v1/audit'],
  every: 10,
  async read(visit, hearing) {
    const { world, viewer } = visit;
    await chainAll(world.tocsin.db);
    const texts: string[] = [];
    for (let page = { next: 0, more: true }; page.more;) {
      const path = `/audit?from=${page.next}&limit=${PAGE}`;
      const text = await read(visit, hearing, path, { role: 'org_admin' });
      if (text === '') return;
      texts.push(text);
      page = JSON.parse(text) as typeof page;
    }
    const told = objectsIn(world, texts.join('\n'));
    for (const object of world.model.objects()) {
      const due = world.model.audited.has(`${viewer} ${object}`);
      hearing.compare(object, told.has(object), { due, detail: idOf(world, object) });
    }
    const owners = new Set(texts.join().match(/"organisation":"[^"]+"/g));
    owners.delete(`"organisation":"${world.slugOf(viewer)}"`);
    for (const owner of owners) hearing.refuse(owner, 'an entry of another organisation');
  },
};

export const MEMBER_DOORS = [
  organisations,
  directory,
  groups,
  invitations,
  communities,
  me,
  owned,
  attempts,
  audit,
];
