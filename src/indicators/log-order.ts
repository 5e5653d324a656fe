/** The order in which a request comes into the log. Pure. */
import type { Announced } from '../store/content/save-versions.ts';
import type { NewVersion } from '../store/content/versions.ts';
import type { Decision } from './decision.ts';
import type { Candidate } from './examine.ts';

/** An object as the order sees it. */
export interface Ordered {
  readonly stixId: string;
  /** The ids that it refers to. */
  readonly references: readonly string[];
}

/** What a request stores and what it gives to further organisations (`widened`: them, by version). */
export function inLogOrder(
  candidates: readonly Candidate[],
  decisions: readonly Decision[],
  versions: readonly NewVersion[],
  widened: ReadonlyMap<string, number>,
): Announced[] {
  const stored = versions.values();
  const announced = new Set<string>();
  const posted: (Ordered & { readonly announced: Announced })[] = [];
  for (const [i, candidate] of candidates.entries()) {
    const decision = decisions[i];
    if (decision === undefined) continue;
    if ('modified' in decision) {
      const { value: version } = stored.next();
      if (version !== undefined) posted.push({ ...candidate, announced: version });
    } else if ('widens' in decision && !announced.has(decision.widens.versionId)) {
      const { versionId, tlp, audienceId: before } = decision.widens;
      announced.add(versionId);
      const audienceId = widened.get(versionId) ?? before;
      posted.push({ ...candidate, announced: { versionId, audienceId, tlp } });
    } else if ('raises' in decision) {
      const { raises, tlp } = decision;
      const { versionId, audienceId } = raises;
      posted.push({ ...candidate, announced: { versionId, audienceId, tlp } });
    }
  }
  return referencedFirst(posted).map((one) => one.announced);
}

/** One object id among those posted. */
interface Group {
  readonly places: number[];
  /** How many of its places have their turn already, in order. */
  done: number;
}

/** Where a walk stands in an item. */
interface Step {
  readonly place: number;
  reference: number;
}

/**
 * The items in the order given, but for those that others refer to, which come before them. What refers
 * to each other in a circle stays in the order given, and so do several items of one id.
 */
export function referencedFirst<Item extends Ordered>(items: readonly Item[]): Item[] {
  const groups = new Map<string, Group>();
  for (const [place, { stixId }] of items.entries()) {
    const group = groups.get(stixId);
    if (group) group.places.push(place);
    else groups.set(stixId, { places: [place], done: 0 });
  }
  const open = new Set<number>();
  const done = new Set<number>();
  const ordered: Item[] = [];
  for (const place of items.keys()) {
    if (done.has(place)) continue;
    // A stack of its own: a chain of references can be as long as a bundle.
    const steps: Step[] = [{ place, reference: 0 }];
    open.add(place);
    for (let step = steps.at(-1); step !== undefined; step = steps.at(-1)) {
      const item = items[step.place];
      const next = item && nextPlace(item, step, groups, open);
      if (next !== undefined) {
        steps.push({ place: next, reference: 0 });
        open.add(next);
        continue;
      }
      steps.pop();
      open.delete(step.place);
      done.add(step.place);
      if (item === undefined) continue;
      ordered.push(item);
      const group = groups.get(item.stixId);
      if (group) group.done += 1;
    }
  }
  return ordered;
}

/** What has to come before an item and has not yet; each reference is looked at once, and each place. */
function nextPlace(
  { references }: Ordered,
  step: Step,
  groups: ReadonlyMap<string, Group>,
  open: ReadonlySet<number>,
): number | undefined {
  for (; step.reference < references.length; step.reference += 1) {
    const group = groups.get(references[step.reference] ?? '');
    const place = group?.places[group.done];
    if (place !== undefined && !open.has(place)) return place;
  }
  return undefined;
}
