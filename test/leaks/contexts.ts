/** What stands beside each object, held against the model: its level, who shared it, and the realm. */
import { tlpOfMarking, TLP_ORDER, tlpRank } from '../../src/stix/marking/tlp.ts';
import type { Context } from '../support/actors.ts';
import { TLP_BY_RANK, type PostedObject } from '../support/builders.ts';
import type { Hearing } from './judge.ts';
import type { Told } from './told.ts';
import { objectsIn, wordsIn, type World } from './world.ts';

/** An object as a door gave it, with its context. */
export interface Given {
  readonly object: PostedObject;
  readonly context: Context | undefined;
}

interface Place {
  readonly world: World;
  readonly hearing: Hearing;
  /** What is so now; of what is pushed, also what was so a step before. */
  readonly sights: readonly { readonly contexts: ReadonlyMap<number, readonly Told[]> }[];
}

/** A row of the log: one version of one sharer. */
export function holdRow(place: Place, given: Given): void {
  hold(place, given, (all, { tlp, sharers: names }) =>
    all.some(
      (one) => one.tlp === tlp && (one.sharer ?? undefined) === names[0] && names.length < 2,
    ),
  );
}

/** A version as all see it together who shared it: the strictest level, and all sharers. */
export function holdVersion(place: Place, given: Given, { current }: { current: boolean }): void {
  hold(place, given, (all, { tlp, sharers: names }) => {
    const among = all.filter((one) => one.current || !current);
    const sharers = new Set(among.flatMap(({ sharer }) => sharer ?? []));
    // Members end what they share at times of their own, or together.
    if (given.object['revoked'] === true) {
      return among.some((one) => one.tlp === tlp) && names.every((name) => sharers.has(name));
    }
    const ranks = among.map((one) => TLP_ORDER.indexOf(one.tlp as never));
    return tlp === TLP_ORDER[Math.max(...ranks)] && names.join() === [...sharers].toSorted().join();
  });
}

function hold(
  { world, hearing, sights }: Place,
  { object, context }: Given,
  agrees: (all: readonly Told[], context: Context) => boolean,
): void {
  const text = JSON.stringify(object);
  const [number] = wordsIn(world, text);
  const [thing] = objectsIn(world, text);
  if (number === undefined || thing === undefined) return;
  const names = context?.sharers.map((slug) => world.nameOf(slug) ?? slug) ?? [];
  const known = context && { ...context, sharers: names };
  const isSo = sights.some(({ contexts }) => {
    const all = contexts.get(number)?.filter((one) => one.revoked === (object['revoked'] === true));
    return known !== undefined && all !== undefined && agrees(all, known);
  });
  const detail = `context of version ${number}: ${JSON.stringify(known)}`;
  if (isSo) hearing.compare(thing, true, { due: true });
  else hearing.refuse(thing, detail);
  const isWhole = known?.realm === 'production' && known.date_added !== null;
  hearing.compare(thing, isWhole, { due: true, detail });
  const isMarked = known !== undefined && isMarkedAs(object, known.tlp);
  hearing.compare(thing, isMarked, { due: true, detail: `marking of version ${number}` });
}

/** With the reference of TLP 2.0, and with none of a lower level. */
function isMarkedAs({ object_marking_refs: given = [] }: PostedObject, tlp: string): boolean {
  const refs = given as readonly string[];
  const rank = TLP_ORDER.indexOf(tlp as never);
  const levels = refs.flatMap((ref) => tlpOfMarking(ref) ?? []);
  return refs.includes(TLP_BY_RANK[rank] ?? '') && levels.every((level) => tlpRank(level) >= rank);
}
