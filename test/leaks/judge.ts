/** Holds what a door showed against the model, and counts what was compared. */
import type { Model } from './model.ts';
import type { Eyes } from './shared.ts';
import { contextsFor, type Told } from './told.ts';

export interface Finding {
  readonly kind: 'leaked' | 'missing';
  readonly door: string;
  readonly viewer: string;
  /** An object by number, or the name of a group, an organisation … */
  readonly thing: number | string;
  readonly detail: string;
}

export interface Judge {
  /** (viewer, thing, door) triples compared, by door. */
  readonly checks: Map<string, number>;
  readonly findings: Finding[];
}

export function newJudge(): Judge {
  return { checks: new Map(), findings: [] };
}

export function countChecks({ checks }: Judge): number {
  return [...checks.values()].reduce((sum, one) => sum + one, 0);
}

/** What a door says to one viewer. */
export class Hearing {
  readonly #judge: Judge;
  readonly #door: string;
  readonly viewer: string;

  constructor(judge: Judge, door: string, viewer: string) {
    this.#judge = judge;
    this.#door = door;
    this.viewer = viewer;
  }

  /** One triple: whether it was shown, whether it must be, and whether it may be. */
  compare(
    thing: number | string,
    shown: boolean,
    { due, may = due, detail = '' }: { due: boolean; may?: boolean; detail?: string },
  ): void {
    const { checks } = this.#judge;
    checks.set(this.#door, (checks.get(this.#door) ?? 0) + 1);
    if (shown && !may) this.#find('leaked', thing, detail);
    if (!shown && due) this.#find('missing', thing, detail);
  }

  /** What must never be, whatever it is about; no triple of its own. */
  refuse(thing: number | string, detail: string): void {
    this.#find('leaked', thing, detail);
  }

  #find(kind: Finding['kind'], thing: number | string, detail: string): void {
    const { findings } = this.#judge;
    findings.push({ kind, door: this.#door, viewer: this.viewer, thing, detail });
  }
}

/** What somebody may see at this moment. */
export interface Sight {
  readonly takesPart: boolean;
  /** Objects of which it sees a current version, and those where another shares that. */
  readonly visible: ReadonlySet<number>;
  readonly ofOthers: ReadonlySet<number>;
  /** Objects that it shares itself. */
  readonly own: ReadonlySet<number>;
  /** By object, the number of the newest current version that it sees, where one is the newest. */
  readonly newest: ReadonlyMap<number, number>;
  /** By object, the numbers of all current versions that it sees. */
  readonly current: ReadonlyMap<number, readonly number[]>;
  /** The numbers of all versions that may be shown to it, older ones too. */
  readonly words: ReadonlySet<number>;
  /** By these numbers, what may stand beside the versions. */
  readonly contexts: ReadonlyMap<number, readonly Told[]>;
}

export function sightOf(model: Model, eyes: Eyes): Sight {
  const { organisation } = eyes;
  const visible = new Set<number>();
  const ofOthers = new Set<number>();
  const newest = new Map<number, number>();
  const current = new Map<number, number[]>();
  for (const object of model.objects()) {
    const seen = model.current(eyes, object);
    // A revocation is as new as the day of the test, which comes after all that is posted.
    const revoked = seen.filter((one) => one.revoked);
    const last = revoked.at(-1) ?? lastOf(seen);
    if (last === undefined) continue;
    visible.add(object);
    // By its creator's word all of them end at one time.
    const ended = model.creatorOf(object) !== null && revoked.length > 1;
    if (!ended) newest.set(object, last.number);
    current.set(
      object,
      seen.map(({ number }) => number),
    );
    if (seen.some(({ sharer }) => sharer !== organisation)) ofOthers.add(object);
  }
  const { versions } = model;
  const shown = versions.filter((version) => model.mayShow(eyes, version));
  const words = new Set(shown.map(({ number }) => number));
  const shared = versions.filter(({ sharer }) => sharer === organisation);
  const own = new Set(shared.map(({ object }) => object));
  const takesPart = model.members.takesPart(organisation);
  const contexts = contextsFor(model, eyes, shown);
  return { takesPart, visible, ofOthers, own, newest, current, words, contexts };
}

function lastOf(versions: readonly { number: number }[]): { number: number } | undefined {
  return versions.toSorted((a, b) => a.number - b.number).at(-1);
}
