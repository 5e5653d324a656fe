/** Look-up in every way of matching: hits, counts and names, held against the model. */
import type { Hit, LookupResult } from '../../src/stix/lookup/results.ts';
import { valueKey } from '../../src/stix/value/key.ts';
import { askAs, isTurnedAway, refuseWords, type Door, type Visit } from './door.ts';
import type { Hearing } from './judge.ts';
import { idOf, objectsIn, wordsIn } from './world.ts';

/** Two objects look for the name of each host. */
function hostsOf({ world }: Visit): number[] {
  return [...new Set(world.model.objects().map((object) => object >> 1))];
}

const nameOf = ({ world }: Visit, host: number): string => `host-${host}-${world.mark}.example.com`;

/** What is asked so that a host is found, by the way of matching. */
const ASKED: readonly (readonly [
  match: Hit['match'],
  query: string,
  ask: (name: string) => string,
])[] = [
  ['exact', '', (name) => name],
  ['host', '', (name) => `https://${name}/path?query`],
  ['host', '?match=host', (name) => `someone@${name}`],
  ['parent_domain', '?subdomains&match=parent_domain', (name) => `a.b.${name}`],
];

const together: Door = {
  name: 'look-up',
  routes: ['POST /api/v1/lookup'],
  discloses: ['lookup'],
  every: 2,
  async read(visit, hearing) {
    const hosts = hostsOf(visit);
    if (hosts.length === 0) return;
    for (const [match, query, ask] of ASKED) {
      const values = hosts.map((host) => ask(nameOf(visit, host)));
      const answer = await askAs(visit, `/lookup${query}`, { method: 'POST', body: { values } });
      if (isTurnedAway(visit, hearing, answer)) return;
      refuseWords(visit, hearing, answer.text);
      const { results } = JSON.parse(answer.text) as { results: LookupResult[] };
      for (const [i, host] of hosts.entries()) hear(visit, hearing, { host, match }, results[i]);
    }
  },
};

const alone: Door = {
  name: 'look-up of one value',
  routes: ['GET /api/v1/lookup/:value'],
  discloses: ['lookup'],
  async read(visit, hearing) {
    for (const host of new Set(visit.sample.map((object) => object >> 1))) {
      const answer = await askAs(visit, `/lookup/${nameOf(visit, host)}`);
      if (isTurnedAway(visit, hearing, answer)) return;
      refuseWords(visit, hearing, answer.text);
      const result = JSON.parse(answer.text) as LookupResult;
      hear(visit, hearing, { host, match: 'exact' }, result);
    }
  },
};

const range: Door = {
  name: 'look-up by range',
  routes: ['GET /api/v1/lookup/range/:prefix'],
  discloses: ['lookup'],
  every: 3,
  async read(visit, hearing) {
    const { world, sight } = visit;
    const due = new Set([...sight.visible].map((object) => object >> 1));
    for (const host of new Set(visit.sample.map((object) => object >> 1))) {
      const key = valueKey('domain-name', nameOf(visit, host));
      const answer = await askAs(visit, `/lookup/range/${key.slice(0, 6)}`);
      if (isTurnedAway(visit, hearing, answer)) return;
      const { prefix, entries } = JSON.parse(answer.text) as {
        prefix: string;
        entries: { suffix: string }[];
      };
      const shown = entries.some(({ suffix }) => `${prefix}${suffix}` === key);
      hearing.compare(`value ${host} of ${world.mark}`, shown, { due: due.has(host) });
    }
  },
};

export const LOOKUP_DOORS: readonly Door[] = [together, alone, range];

/** The hits of a host are its objects that the viewer sees, each with those sharers whom it sees. */
function hear(
  visit: Visit,
  hearing: Hearing,
  asked: { readonly host: number; readonly match: Hit['match'] },
  result: LookupResult | undefined,
): void {
  const { world, sight } = visit;
  const hits = new Map(result?.hits.map((hit) => [hit.id, hit]));
  const objects = world.model.objects().filter((object) => object >> 1 === asked.host);
  for (const object of objects) {
    const hit = hits.get(idOf(world, object));
    hearing.compare(object, hit !== undefined, { due: sight.visible.has(object) });
    if (hit !== undefined) hearHit(visit, hearing, object, { hit, match: asked.match });
  }
  const known = objects.some((object) => sight.visible.has(object));
  const verdict = result?.verdict !== 'unknown';
  hearing.compare(`verdict of ${asked.host}`, verdict, { due: known });
}

function hearHit(
  { world, sight }: Visit,
  hearing: Hearing,
  object: number,
  { hit, match }: { readonly hit: Hit; readonly match: Hit['match'] },
): void {
  if (hit.match !== match) hearing.refuse(object, `matches by ${hit.match}, not by ${match}`);
  const current = [...new Set(sight.current.get(object))].flatMap((number) =>
    (sight.contexts.get(number) ?? []).filter((one) => one.object === object && one.current),
  );
  const sharers = namesIn(current.map(({ sharer }) => sharer));
  const told = hit.sharers.map((slug) => world.nameOf(slug) ?? slug).toSorted();
  if (told.join() !== sharers.join()) hearing.refuse(object, `shared by ${told.join(', ')}`);
  const count = current.length;
  if (hit.shared_by !== count) hearing.refuse(object, `shared by ${hit.shared_by}, not ${count}`);
  const [number = 0] = wordsIn(world, JSON.stringify(hit.name));
  const levels = sight.contexts.get(number)?.map(({ tlp }) => tlp) ?? [];
  if (!levels.includes(hit.tlp)) hearing.refuse(object, `TLP:${hit.tlp} of version ${number}`);
  if (objectsIn(world, JSON.stringify(hit)).size !== 1) hearing.refuse(object, 'another id');
}

/** The names that the viewer may know, each once, in order. */
function namesIn(sharers: readonly (string | null)[]): string[] {
  return [...new Set(sharers.filter((name) => name !== null))].toSorted();
}
