/** The doors that are asked for content. */
import { findMember } from '../../src/store/members/members.ts';
import { asViewer } from '../../src/store/postgres/transaction.ts';
import { bundle, type PostedObject } from '../support/builders.ts';
import type { Context } from '../support/actors.ts';
import { holdRow, holdVersion, type Given } from './contexts.ts';
import { askAs, isTurnedAway, refuseWords, type Door, type Visit } from './door.ts';
import { Follower } from './follower.ts';
import type { Hearing } from './judge.ts';
import { RED } from './shared.ts';
import { idOf, objectsIn, versionToPost } from './world.ts';

const LIMIT = 10_000;
const NDJSON = 'application/x-ndjson';

/** Objects and what stands beside each. */
interface Listed {
  readonly objects: PostedObject[];
  readonly context: Context[];
}

function givenIn({ objects, context }: Listed): Given[] {
  return objects.map((object, i) => ({ object, context: context[i] }));
}

/** The changes from the beginning, in documents. */
const fromTheBeginning = beginning('changes from the beginning', '');
const currentOnes = beginning('current changes from the beginning', '&current=true');

function beginning(name: string, query: string): Door {
  const read: Door['read'] = async (visit, hearing) => {
    const follower = new Follower(visit.world);
    for (let page = { next: '', more: true }; page.more;) {
      const after = page.next === '' ? '' : `&after=${page.next}`;
      const { text } = await askAs(visit, `/changes?limit=${LIMIT}${after}${query}`);
      const body = JSON.parse(text) as typeof page & Listed & { withdrawn: string[] };
      // Within a page the order of both is lost: what is withdrawn there is not among its objects.
      follower.put(text.slice(0, text.lastIndexOf('"withdrawn":')), ...givenIn(body));
      for (const id of body.withdrawn) follower.withdraw(id);
      page = body;
    }
    follower.hear(visit, hearing, false);
  };
  return { name, routes: ['GET /api/v1/changes'], every: 3, discloses: ['changes'], read };
}

/** The changes since the last step, in lines. */
const sinceTheCursor: Door = {
  name: 'changes since a cursor',
  routes: ['GET /api/v1/changes'],
  discloses: ['changes'],
  async read(visit, hearing) {
    const follower = visit.followers.changes;
    for (let more = true; more;) {
      const after = follower.cursor === '' ? '' : `&after=${follower.cursor}`;
      const { text } = await askAs(visit, `/changes?limit=50${after}`, { accept: NDJSON });
      const lines = text.trimEnd().split('\n');
      const last = JSON.parse(lines.pop() ?? '') as { next: string; more: boolean };
      for (const line of lines) {
        if (line.startsWith('{"object"')) follower.put(line, JSON.parse(line) as Given);
        else follower.withdraw(line);
      }
      follower.cursor = last.next;
      more = last.more;
    }
    follower.hear(visit, hearing, false);
  },
};

const oneByOne: Door = {
  name: 'objects',
  routes: ['GET /api/v1/objects/:id'],
  discloses: ['objects'],
  async read(visit, hearing) {
    for (const object of visit.sample) {
      const path = `/objects/${idOf(visit.world, object)}`;
      const answer = await askAs(visit, path);
      if (isTurnedAway(visit, hearing, answer)) return;
      const words = refuseWords(visit, hearing, answer.text);
      const due = visit.sight.visible.has(object);
      hearing.compare(object, answer.status === 200, { due });
      const newest = visit.sight.newest.get(object);
      if (newest !== undefined)
        hearing.compare(object, words.has(newest), { due, detail: 'newest' });
      const place = { world: visit.world, hearing, sights: [visit.sight] };
      if (answer.status === 200) {
        const context = JSON.parse(answer.headers['tocsin-context'] ?? 'null') as Context;
        const alone = JSON.parse(answer.text) as PostedObject;
        holdVersion(place, { object: alone, context }, { current: true });
      }
      const all = await askAs(visit, `${path}?version=all`);
      hearAll(visit, hearing, object, refuseWords(visit, hearing, all.text));
      if (all.status !== 200) continue;
      for (const given of givenIn(JSON.parse(all.text) as Listed)) {
        holdVersion(place, given, { current: false });
      }
    }
  },
};

const history: Door = {
  name: 'history',
  routes: ['GET /api/v1/objects/:id/history'],
  discloses: ['history'],
  async read(visit, hearing) {
    for (const object of visit.sample) {
      const answer = await askAs(visit, `/objects/${idOf(visit.world, object)}/history`);
      if (isTurnedAway(visit, hearing, answer)) return;
      const due = visit.sight.visible.has(object);
      hearing.compare(object, answer.status === 200, { due });
      hearAll(visit, hearing, object, refuseWords(visit, hearing, answer.text));
      if (answer.status !== 200) continue;
      const { versions } = JSON.parse(answer.text) as { versions: Given[] };
      const place = { world: visit.world, hearing, sights: [visit.sight] };
      for (const given of versions) holdRow(place, given);
    }
  },
};

/** Every current version that the viewer sees is there. */
function hearAll({ sight }: Visit, hearing: Hearing, object: number, words: Set<number>): void {
  for (const number of sight.current.get(object) ?? []) {
    hearing.compare(object, words.has(number), { due: true, detail: `version ${number}` });
  }
}

/** Posting an id reveals nothing about what others share under it. */
const asIfNobody: Door = {
  name: 'dry run',
  routes: ['POST /api/v1/bundles'],
  every: 8,
  async read(visit, hearing) {
    const { world, viewer, sight } = visit;
    const objects = world.model.objects().filter((object) => !sight.own.has(object));
    if (objects.length === 0) return;
    const body = bundle(
      objects.map((object) => versionToPost(world, { object, number: 0, rank: 0, creator: null })),
    );
    const path = `/bundles?dry_run=true&audience=${world.slugOf(viewer)}`;
    const answer = await askAs(visit, path, { role: 'publisher', method: 'POST', body });
    if (isTurnedAway(visit, hearing, answer)) return;
    const { results } = JSON.parse(answer.text) as { results: { outcome: string }[] };
    for (const [i, object] of objects.entries()) {
      const told = results[i]?.outcome !== 'created';
      // A purged object is rejected from callers who knew of it.
      const due = world.model.isRefused(visit.who, object);
      hearing.compare(object, told, { due, detail: results[i]?.outcome ?? '' });
    }
  },
};

/** A value that others share is as new as one that nobody has. */
const asIfUnknown: Door = {
  name: 'dry run of values',
  routes: ['POST /api/v1/values'],
  every: 8,
  async read(visit, hearing) {
    const { world, viewer, sight } = visit;
    // What its own organisation has shared already is a duplicate.
    const own = new Set([...sight.own].map((object) => object >> 1));
    const all = new Set(world.model.objects().map((object) => object >> 1));
    const hosts = [...all.difference(own)];
    if (hosts.length === 0) return;
    const values = hosts.map((host) => `host-${host}-${world.mark}.example.com`);
    const path = `/values?dry_run=true&audience=${world.slugOf(viewer)}`;
    // No ceiling is lower.
    const body = { values, tlp: 'clear' };
    const answer = await askAs(visit, path, { role: 'publisher', method: 'POST', body });
    if (isTurnedAway(visit, hearing, answer)) return;
    const { results } = JSON.parse(answer.text) as { results: object[] };
    for (const [i, host] of hosts.entries()) {
      const { outcome, warnings, duplicate_of: duplicateOf } = { ...results[i] } as Told;
      const told = outcome !== 'created' || warnings !== undefined || duplicateOf !== undefined;
      hearing.compare(`value ${host}`, told, { due: false, detail: outcome });
    }
  },
};

interface Told {
  readonly outcome: string;
  readonly warnings?: unknown;
  readonly duplicate_of?: string;
}

/** The tables themselves, past every route: what any statement of the server can see. */
const rows: Door = {
  name: 'rows',
  routes: [],
  every: 3,
  async read(visit, hearing) {
    const { db } = visit.world.tocsin;
    const member = await findMember(db, visit.world.slugOf(visit.viewer));
    if (member === undefined) throw new Error('An organisation is gone');
    const { cleared } = visit.who;
    const ceiling = Math.min(cleared ? RED : RED - 1, member.viewer.ceiling);
    const viewer = { ...member.viewer, ceiling, cleared };
    const texts = await asViewer(db, viewer, async (tx) => ({
      versions: await tx.$queryRaw<Text>`
        select string_agg(stix_id, ' ') as text from version where not superseded`,
      observables: await tx.$queryRaw<Text>`
        select string_agg(distinct value, ' ') as text from observable`,
      owners: await tx.$queryRaw<Text>`
        select string_agg(distinct owner || ' ' || organisation_id, ',') as text from (
          select 'audit' as owner, organisation_id from audit
          union all select 'subscription', organisation_id from subscription
          union all select 'attempt', organisation_id from attempt
          union all select 'dead_letter', organisation_id from dead_letter) as owned`,
    }));
    const shown = objectsIn(visit.world, texts.versions[0]?.text ?? '');
    for (const object of visit.world.model.objects()) {
      hearing.compare(object, shown.has(object), { due: visit.sight.visible.has(object) });
    }
    hearObservables(visit, hearing, texts.observables[0]?.text ?? '');
    for (const owner of (texts.owners[0]?.text ?? '').split(',')) {
      const others = owner !== '' && !owner.endsWith(` ${viewer.organisationId}`);
      hearing.compare(`record of ${owner}`, others, { due: false });
    }
  },
};

type Text = { text: string | null }[];

/** Two objects look for one value, which older versions hold too. */
function hearObservables(visit: Visit, hearing: Hearing, text: string): void {
  const { world, sight, who } = visit;
  const hosts = text.matchAll(new RegExp(`host-(\\d+)-${world.mark}`, 'g'));
  const shown = new Set(Array.from(hosts, ([, host]) => Number(host)));
  const due = new Set([...sight.visible].map((object) => object >> 1));
  const reached = world.model.versions.filter((version) => world.model.reaches(who, version));
  const may = new Set(reached.map(({ object }) => object >> 1));
  for (const host of new Set(world.model.objects().map((object) => object >> 1))) {
    const told = { due: due.has(host), may: may.has(host) };
    hearing.compare(`value ${host}`, shown.has(host), told);
  }
}

export const CONTENT_DOORS = [
  fromTheBeginning,
  currentOnes,
  sinceTheCursor,
  oneByOne,
  history,
  asIfNobody,
  asIfUnknown,
  rows,
];
