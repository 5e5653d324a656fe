/** A small model of who may see what, and random histories for it. Memberships stand still. */
import fc from 'fast-check';

export interface WorldPlan {
  /** For each organisation: its ceiling (a TLP rank) and the communities it is in, by number. */
  readonly organisations: readonly { ceiling: number; communities: readonly number[] }[];
  /** Members of the one sharing group, by number. */
  readonly group: readonly number[];
  readonly steps: readonly Step[];
}

export interface Step {
  readonly sharer: number;
  readonly object: number;
  readonly tlp: number;
  readonly audience: AudiencePlan;
}

export interface AudiencePlan {
  readonly communities: readonly number[];
  readonly group: boolean;
  readonly organisations: readonly number[];
}

const ORGANISATIONS = 4;
const OBJECTS = 3;

const someOf = (count: number, minLength = 0) =>
  fc.uniqueArray(fc.nat(count - 1), { minLength, maxLength: count });

export const worldPlan: fc.Arbitrary<WorldPlan> = fc.record({
  organisations: fc.array(fc.record({ ceiling: fc.nat(4), communities: someOf(2, 1) }), {
    minLength: ORGANISATIONS,
    maxLength: ORGANISATIONS,
  }),
  group: someOf(ORGANISATIONS),
  steps: fc.array(
    fc.record({
      sharer: fc.nat(ORGANISATIONS - 1),
      object: fc.nat(OBJECTS - 1),
      tlp: fc.oneof({ weight: 5, arbitrary: fc.nat(2) }, fc.nat(4)),
      audience: fc.record({
        communities: someOf(2),
        group: fc.boolean(),
        organisations: someOf(ORGANISATIONS),
      }),
    }),
    { minLength: 4, maxLength: 12 },
  ),
});

interface SharedVersion {
  readonly object: number;
  readonly sharer: number;
  /** The number of its step: later is newer. */
  readonly step: number;
  /** Who saw it when it was shared. */
  readonly seenBy: ReadonlySet<number>;
}

/** What a key of any role sees at most: never RED. */
const KEY_CEILING = 3;

/** What the rules say about a plan, step by step. */
export class Model {
  readonly #plan: WorldPlan;
  readonly #versions: SharedVersion[] = [];
  /** The objects that an organisation has ever seen a version of, as `organisation object`. */
  readonly #seen = new Set<string>();

  constructor(plan: WorldPlan) {
    this.#plan = plan;
  }

  /** What a share is answered with, and what it changes. */
  share(step: Step, number: number): 'taken' | 'unknown' | 'rejected' {
    if (!this.#mayName(step)) return 'unknown';
    const { communities, group, organisations } = step.audience;
    const named = communities.length === 0 && !group && organisations.length > 0;
    const ceiling = this.#plan.organisations[step.sharer]?.ceiling ?? -1;
    if (step.tlp > ceiling || (step.tlp === 4 && !named)) return 'rejected';
    const seenBy = this.#reached(step);
    this.#versions.push({ object: step.object, sharer: step.sharer, step: number, seenBy });
    for (const organisation of this.organisations()) {
      if (this.seesNow(organisation, step.object)) this.#seen.add(`${organisation} ${step.object}`);
    }
    return 'taken';
  }

  organisations(): number[] {
    return [...this.#plan.organisations.keys()];
  }

  /** The steps whose versions are current, and visible to an organisation. */
  currentFor(organisation: number, object: number): number[] {
    const current = this.#versions.filter(
      (one) => one.object === object && one === this.#currentOf(one.object, one.sharer),
    );
    return current.filter((one) => one.seenBy.has(organisation)).map((one) => one.step);
  }

  seesNow(organisation: number, object: number): boolean {
    return this.currentFor(organisation, object).length > 0;
  }

  hasSeen(organisation: number, object: number): boolean {
    return this.#seen.has(`${organisation} ${object}`);
  }

  /** Whether a version may be shown: it was shown before, and what is current is shown too. */
  mayShow(organisation: number, step: number): boolean {
    const version = this.#versions.find((one) => one.step === step);
    if (version === undefined || !version.seenBy.has(organisation)) return false;
    return this.#currentOf(version.object, version.sharer)?.seenBy.has(organisation) === true;
  }

  #mayName({ sharer, audience }: Step): boolean {
    const own = this.#plan.organisations[sharer]?.communities ?? [];
    const inGroup = this.#plan.group.includes(sharer);
    return audience.communities.every((one) => own.includes(one)) && (inGroup || !audience.group);
  }

  #currentOf(object: number, sharer: number): SharedVersion | undefined {
    return this.#versions.findLast((one) => one.object === object && one.sharer === sharer);
  }

  #reached({ sharer, tlp, audience }: Step): Set<number> {
    const { communities, group, organisations } = audience;
    // None named: the default community, which is the first.
    const nobodyNamed = communities.length === 0 && !group && organisations.length === 0;
    const first = this.#plan.organisations[sharer]?.communities[0] ?? -1;
    const meant = nobodyNamed ? [first] : communities;
    const reached = this.organisations().filter((organisation) => {
      const { ceiling = -1, communities: own = [] } = this.#plan.organisations[organisation] ?? {};
      if (Math.min(ceiling, KEY_CEILING) < tlp) return false;
      return (
        organisation === sharer ||
        organisations.includes(organisation) ||
        own.some((one) => meant.includes(one)) ||
        (group && this.#plan.group.includes(organisation))
      );
    });
    return new Set(reached);
  }
}
