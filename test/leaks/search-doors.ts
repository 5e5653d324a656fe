/** The doors of search: every object that a filter lets through, and no other. */
import type { Context } from '../support/actors.ts';
import type { PostedObject } from '../support/builders.ts';
import { holdVersion } from './contexts.ts';
import { askAs, isTurnedAway, refuseWords, type Door, type Visit } from './door.ts';
import type { Hearing } from './judge.ts';
import { idOf, objectsIn } from './world.ts';

interface Page {
  readonly objects: PostedObject[];
  readonly context: Context[];
  readonly duplicates?: string[][];
  readonly next: string | null;
}

/** Small, so that there are several pages. */
const LIMIT = 7;

/** What all pages hold; undefined for an organisation that does not take part. */
async function searched(
  visit: Visit,
  hearing: Hearing,
  path: string,
): Promise<Pick<Page, 'objects' | 'context' | 'duplicates'> | undefined> {
  const all = {
    objects: [] as PostedObject[],
    context: [] as Context[],
    duplicates: [] as string[][],
  };
  for (let after = ''; ;) {
    const answer = await askAs(visit, `${path}&limit=${LIMIT}${after}`);
    if (isTurnedAway(visit, hearing, answer)) return undefined;
    refuseWords(visit, hearing, answer.text);
    const { objects, context, duplicates = [], next } = JSON.parse(answer.text) as Page;
    all.objects.push(...objects);
    all.context.push(...context);
    all.duplicates.push(...duplicates);
    if (next === null) return all;
    after = `&after=${next}`;
  }
}

/** Each object once, as far as `isWanted`; and none else. */
function compareAll(
  visit: Visit,
  hearing: Hearing,
  found: readonly PostedObject[],
  isWanted: (object: number) => boolean,
): void {
  const shown = objectsIn(visit.world, found.map(({ id }) => id).join(' '));
  for (const object of visit.world.model.objects()) {
    const due = visit.sight.visible.has(object) && isWanted(object);
    hearing.compare(object, shown.has(object), { due });
  }
  hearing.compare('pages', new Set(found.map(({ id }) => id)).size === found.length, { due: true });
}

const byText: Door = {
  name: 'search by text',
  routes: ['GET /api/v1/indicators'],
  discloses: ['search'],
  every: 3,
  async read(visit, hearing) {
    const { world, sight } = visit;
    const found = await searched(visit, hearing, `/indicators?q=${world.mark}`);
    if (found === undefined) return;
    compareAll(visit, hearing, found.objects, () => true);
    const place = { world, hearing, sights: [sight] };
    for (const [i, object] of found.objects.entries()) {
      holdVersion(place, { object, context: found.context[i] }, { current: true });
    }
    for (const [object, newest] of sight.newest) {
      const given = found.objects.find(({ id }) => id === idOf(world, object));
      const text = JSON.stringify(given ?? {});
      const isNewest = text.includes(`word-${world.mark}-${newest}-`);
      hearing.compare(object, isNewest, { due: sight.visible.has(object), detail: 'newest' });
    }
  },
};

const byProducer: Door = {
  name: 'search by producer',
  routes: ['GET /api/v1/objects'],
  discloses: ['search'],
  every: 4,
  async read(visit, hearing) {
    const { model, mark, slugOf } = visit.world;
    for (const producer of new Set(model.objects().map((object) => model.creatorOf(object)))) {
      if (producer === null) continue;
      const path = `/objects?q=${mark}&producer=${slugOf(producer)}&order=oldest`;
      const found = await searched(visit, hearing, path);
      if (found === undefined) return;
      compareAll(visit, hearing, found.objects, (object) => model.creatorOf(object) === producer);
    }
  },
};

const collapsed: Door = {
  name: 'search without duplicates',
  routes: ['GET /api/v1/indicators'],
  discloses: ['search'],
  every: 4,
  async read(visit, hearing) {
    const { world, sight } = visit;
    const path = `/indicators?q=${world.mark}&duplicates=collapse`;
    const found = await searched(visit, hearing, path);
    if (found === undefined) return;
    const shown = objectsIn(world, (found.duplicates ?? []).flat().join(' '));
    for (const object of world.model.objects()) {
      hearing.compare(object, shown.has(object), { due: sight.visible.has(object) });
    }
    // Two objects look for the same host.
    const hosts = [...sight.visible].map((object) => object >> 1);
    const isCollapsed = found.objects.length === new Set(hosts).size;
    hearing.compare('rows', isCollapsed, { due: true });
  },
};

/** Counts are of what the viewer sees: by the level at which it sees it, and by the creator. */
const facets: Door = {
  name: 'facets',
  routes: ['GET /api/v1/indicators/facets', 'GET /api/v1/objects/facets'],
  discloses: ['facets'],
  every: 2,
  async read(visit, hearing) {
    const { world, sight } = visit;
    const { model, mark, identities } = world;
    for (const noun of ['indicators', 'objects']) {
      const path = `/${noun}/facets?q=${mark}&fields=producer,indicator_type,observable_type`;
      const answer = await askAs(visit, path);
      if (isTurnedAway(visit, hearing, answer)) return;
      const told = JSON.parse(answer.text) as Counts;
      const {
        producer = [],
        indicator_type: types = [],
        observable_type: kinds = [],
      } = told.facets;
      const visible = [...sight.visible];
      compareCount(hearing, 'counted', told.counted, visible.length);
      compareCount(
        hearing,
        'indicator types',
        countOf(types, 'malicious-activity'),
        visible.length,
      );
      compareCount(hearing, 'observable types', countOf(kinds, 'domain-name'), visible.length);
      for (const [name, identity] of identities) {
        const due = visible.filter((object) => model.creatorOf(object) === name).length;
        compareCount(hearing, `producer ${name}`, countOf(producer, identity), due);
      }
    }
  },
};

interface Counts {
  readonly counted: number;
  readonly facets: Readonly<Record<string, readonly { value: string; count: number }[]>>;
}

function countOf(values: readonly { value: string; count: number }[], wanted: string): number {
  return values.find(({ value }) => value === wanted)?.count ?? 0;
}

function compareCount(hearing: Hearing, thing: string, told: number, due: number): void {
  const detail = `${told} instead of ${due}`;
  hearing.compare(thing, told > due, { due: false, detail });
  hearing.compare(thing, told >= due, { due: true, detail });
}

/** Two objects look for the same host, so each is related to the other. */
const related: Door = {
  name: 'related',
  routes: ['GET /api/v1/objects/:id/related'],
  discloses: ['related'],
  every: 2,
  async read(visit, hearing) {
    const { world, sight } = visit;
    for (const object of visit.sample) {
      const answer = await askAs(visit, `/objects/${idOf(world, object)}/related`);
      if (isTurnedAway(visit, hearing, answer)) return;
      hearing.compare(object, answer.status === 200, { due: sight.visible.has(object) });
      refuseWords(visit, hearing, answer.text);
      if (answer.status !== 200) continue;
      const { objects } = JSON.parse(answer.text) as Page;
      const shown = objectsIn(world, objects.map(({ id }) => id).join(' '));
      for (const other of world.model.objects()) {
        const isAlike = other !== object && other >> 1 === object >> 1;
        hearing.compare(other, shown.has(other), { due: isAlike && sight.visible.has(other) });
      }
    }
  },
};

export const SEARCH_DOORS = [byText, byProducer, collapsed, facets, related];
