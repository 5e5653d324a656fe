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

export const SEARCH_DOORS = [byText, byProducer, collapsed];
