/**
 * Who sees which version, in plain lines written from the rules and from none of the server's code.
 * Who is in what is beside it.
 */
import { Membership } from './membership.ts';
import type { Rank } from './step.ts';

/** To whom, and how marked. */
export interface Address {
  readonly to: readonly string[];
  readonly rank: Rank;
}

export interface Version {
  readonly object: number;
  readonly sharer: string;
  /** What its content says of itself; a revocation says what it revokes. */
  readonly number: number;
  readonly marked: Rank | null;
  readonly revoked: boolean;
  superseded: boolean;
  address: Address;
}

/** An organisation by its keys, or people of it with or without RED clearance. */
export interface Eyes {
  readonly organisation: string;
  readonly cleared: boolean;
}

/** Organisations of which a user has RED clearance. */
export const WITH_CLEARANCE: readonly string[] = ['alpha', 'bravo', 'charlie', 'delta', 'golf'];

/** Whether a user with clearance, and not a key, changes and revokes what an organisation shares. */
export function actsInPerson(organisation: string): boolean {
  return WITH_CLEARANCE.includes(organisation);
}

export const RED: Rank = 4;
/** TLP:RED never leaves through a key, a feed or a webhook. */
const KEY_CEILING: Rank = 3;

export class Shared {
  readonly members = new Membership();
  /** `organisation object` where the audit tells an organisation of it. */
  readonly audited = new Set<string>();
  readonly #objects = new Map<number, Version[]>();
  /** Everybody who has seen an object. */
  readonly #known = new Set<string>();
  /** Everybody who knew of an object, or shared it, when it was purged. */
  readonly #witnesses = new Set<string>();
  readonly #purged = new Set<number>();

  // Who sees what -------------------------------------------------------------------------------

  #isFor({ to, rank }: Address, organisation: string, ceiling: Rank): boolean {
    const names = this.members.within(organisation);
    return rank <= ceiling && to.some((name) => names.has(name));
  }

  /** What an organisation shared itself it sees too, within its ceiling. */
  reaches({ organisation, cleared }: Eyes, { sharer, address }: Version): boolean {
    const ceiling = Math.min(cleared ? RED : KEY_CEILING, this.members.ceiling(organisation));
    if (sharer === organisation) return address.rank <= ceiling;
    return this.#isFor(address, organisation, ceiling);
  }

  /** Whether an organisation would see what is so addressed, by whatever way. */
  wouldSee(organisation: string, to: readonly string[], rank: Rank): boolean {
    return this.#isFor({ to, rank }, organisation, this.members.ceiling(organisation));
  }

  get versions(): Version[] {
    return [...this.#objects.values()].flat();
  }

  versionsOf(object: number): readonly Version[] {
    return this.#objects.get(object) ?? [];
  }

  currentOf({ object, sharer }: { object: number; sharer: string }): Version | undefined {
    return this.versionsOf(object).find((one) => one.sharer === sharer && !one.superseded);
  }

  /** The current versions of an object that somebody sees: one of each sharer at most. */
  current(eyes: Eyes, object: number): Version[] {
    return this.versionsOf(object).filter((one) => !one.superseded && this.reaches(eyes, one));
  }

  /** An older version is shown only to readers who see it and its sharer's current one. */
  mayShow(eyes: Eyes, version: Version): boolean {
    const current = this.currentOf(version);
    return current !== undefined && this.reaches(eyes, current) && this.reaches(eyes, version);
  }

  /**
   * Whether an organisation may know who shared a version: itself; or a member that takes part, of which it
   * gets the version by a name whose members it may know. Of a group with hidden members, its owner may.
   */
  mayKnowSharer(organisation: string, { sharer, address }: Version): boolean {
    if (sharer === organisation) return true;
    if (this.members.organisations.get(sharer)?.status !== 'active') return false;
    const names = this.members.within(organisation);
    return address.to.some((name) => names.has(name) && this.#isTold(organisation, name));
  }

  #isTold(organisation: string, name: string): boolean {
    const group = this.members.groups.get(name);
    return group === undefined || !group.hidden || group.owner === organisation;
  }

  /** Whether somebody has ever seen an object: others receive no withdrawal. */
  knew(eyes: Eyes, object: number): boolean {
    return this.#known.has(sightOf(eyes, object));
  }

  /** Whether the id is refused as that of an object which was purged. */
  isRefused(eyes: Eyes, object: number): boolean {
    return this.#witnesses.has(sightOf(eyes, object));
  }

  /** Those that there have been, purged ones too. */
  objects(): number[] {
    return [...this.#objects.keys()];
  }

  protected remember(): void {
    for (const eyes of this.#allEyes()) {
      for (const object of this.objects()) {
        if (this.current(eyes, object).length > 0) this.#known.add(sightOf(eyes, object));
      }
    }
  }

  #allEyes(): Eyes[] {
    return [...this.members.organisations.keys()].flatMap((organisation) =>
      [false, true].map((cleared) => ({ organisation, cleared })),
    );
  }

  // What becomes of versions --------------------------------------------------------------------

  protected put(facts: Omit<Version, 'superseded' | 'address'>, address: Address): void {
    const before = this.currentOf(facts);
    if (before !== undefined) before.superseded = true;
    const version = { ...facts, superseded: false, address };
    this.#objects.set(facts.object, [...this.versionsOf(facts.object), version]);
    if (before !== undefined) this.narrow(version, before.address);
  }

  /**
   * No older version is ever shown to more than saw it; who loses the object loses them all, and
   * what becomes RED leaves no older one at a lower level.
   */
  protected narrow({ object, sharer, address }: Version, from: Address): void {
    if (address.rank === from.rank && address.to.join() === from.to.join()) return;
    const after = this.#reached(sharer, address);
    for (const older of this.versionsOf(object)) {
      if (!older.superseded || older.sharer !== sharer) continue;
      const before = this.#reached(sharer, older.address);
      const stays = before.isSubsetOf(after);
      if (stays && (address.rank < RED || older.address.rank === RED)) continue;
      const narrowed = after.isSubsetOf(before) ? address.to : [];
      const rank = Math.max(older.address.rank, address.rank);
      older.address = { to: stays ? older.address.to : narrowed, rank };
    }
  }

  #reached(sharer: string, { to, rank }: Address): Set<string> {
    const others = [...this.members.organisations.keys()].filter((name) => name !== sharer);
    return new Set(others.filter((name) => this.wouldSee(name, to, rank)));
  }

  /** Whether it was there, or is gone already. */
  protected purge(object: number): boolean {
    const current = this.versionsOf(object).filter((one) => !one.superseded);
    // The administrators' keys have no clearance.
    if (current.length > 0 && current.every(({ address }) => address.rank === RED)) return false;
    const sharers = new Set(this.versionsOf(object).map(({ sharer }) => sharer));
    for (const eyes of sharers.size > 0 ? this.#allEyes() : []) {
      const shared = sharers.has(eyes.organisation);
      if (shared) this.audited.add(`${eyes.organisation} ${object}`);
      if (shared || this.knew(eyes, object)) this.#witnesses.add(sightOf(eyes, object));
    }
    if (sharers.size > 0) this.#purged.add(object);
    if (this.#objects.has(object)) this.#objects.set(object, []);
    return this.#purged.has(object);
  }
}

function sightOf({ organisation, cleared }: Eyes, object: number): string {
  return `${organisation} ${object} ${cleared}`;
}
