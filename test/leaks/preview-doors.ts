/** The doors that tell who sees what, and why. */
import { TLP_ORDER } from '../../src/stix/marking/tlp.ts';
import { askAs, isTurnedAway, refuseWords, type Door, type Visit } from './door.ts';
import { FOUNDERS } from './founding.ts';
import type { Hearing } from './judge.ts';
import { idOf, objectsIn } from './world.ts';

interface LevelAnswer {
  readonly problem: unknown;
  readonly sees: readonly { readonly organisation: string }[];
}

/** Who would see what goes to all that the viewer is in; hidden members are not told. */
const preview: Door = {
  name: 'preview',
  routes: ['POST /api/v1/audiences/preview'],
  every: 3,
  async read(visit, hearing) {
    const { world, viewer } = visit;
    const to = [...world.model.members.within(viewer)];
    for (const rank of [1, 3]) {
      const audience = to.length === 0 ? undefined : to.map(world.slugOf);
      const body = { audience, tlp: TLP_ORDER[rank] };
      const asked = { role: 'publisher', method: 'POST', body } as const;
      const answer = await askAs(visit, '/audiences/preview', asked);
      if (isTurnedAway(visit, hearing, answer)) return;
      const { levels } = JSON.parse(answer.text) as { levels: LevelAnswer[] };
      const [level] = levels.filter(({ problem }) => problem === null);
      if (level !== undefined) hearLevel(visit, hearing, { to, rank, level });
    }
  },
};

function hearLevel(
  { world, viewer }: Visit,
  hearing: Hearing,
  { to, rank, level }: { to: readonly string[]; rank: number; level: LevelAnswer },
): void {
  const { members } = world.model;
  const told = to.filter((name) => {
    const group = members.groups.get(name);
    return group === undefined || !group.hidden || group.owner === viewer;
  });
  const named = new Set(level.sees.map(({ organisation }) => world.nameOf(organisation)));
  for (const { name } of FOUNDERS) {
    const due = world.model.wouldSee(name, told, rank);
    const may = due || name === viewer;
    hearing.compare(name, named.has(name), { due, may, detail: `rank ${rank}` });
  }
}

/** A sharer learns why somebody sees an object, for its own versions. */
const access: Door = {
  name: 'access',
  routes: ['GET /api/v1/objects/:id/access'],
  discloses: ['access'],
  every: 2,
  async read(visit, hearing) {
    const { world, viewer, sight } = visit;
    for (const object of visit.sample) {
      const path = `/objects/${idOf(world, object)}/access?organisation=${world.slugOf(viewer)}`;
      const answer = await askAs(visit, path, { role: 'publisher' });
      const { status, text } = answer;
      if (isTurnedAway(visit, hearing, answer)) return;
      hearing.compare(object, status === 200, { due: false, may: sight.own.has(object) });
      const sharers = new Set(text.match(/"shared_by":"[^"]+"/g));
      sharers.delete(`"shared_by":"${world.slugOf(viewer)}"`);
      for (const other of sharers) hearing.refuse(object, other);
    }
  },
};

/** What its own organisation shares, and who sees it: nothing of what others share. */
const shares: Door = {
  name: 'shares',
  routes: ['GET /api/v1/shares', 'GET /api/v1/shares/:id'],
  discloses: ['shares'],
  every: 2,
  async read(visit, hearing) {
    const { world, sight } = visit;
    const listed = await askAs(visit, '/shares?limit=1000', { role: 'publisher' });
    if (isTurnedAway(visit, hearing, listed)) return;
    refuseWords(visit, hearing, listed.text);
    const named = objectsIn(world, listed.text);
    for (const object of new Set([...named, ...visit.sample])) {
      hearing.compare(object, named.has(object), { due: false, may: sight.own.has(object) });
    }
    for (const object of visit.sample) {
      const path = `/shares/${idOf(world, object)}`;
      const { status, text } = await askAs(visit, path, { role: 'publisher' });
      refuseWords(visit, hearing, text);
      hearing.compare(object, status === 200, { due: false, may: sight.own.has(object) });
    }
  },
};

export const PREVIEW_DOORS = [preview, access, shares];
