/**
 * The policy in plain lines, written from its rules and from none of the server's code: who may
 * share what with whom, and who sees which version. Who is in what is beside it.
 */
import { Membership } from './membership.ts';
import { isAboutContent, type ContentStep, type Rank, type Step } from './step.ts';

/** To whom, and how marked. */
interface Address {
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

const UNMARKED: Rank = 2;
const RED: Rank = 4;
/** TLP:RED never leaves through a key, a feed or a webhook. */
const KEY_CEILING: Rank = 3;

export class Model {
  readonly members = new Membership();
  readonly versions: Version[] = [];
  readonly #objects = new Map<number, Version[]>();
  /** `organisation object`, once it has seen it. */
  readonly #known = new Set<string>();
  #number = 0;

  // Who sees what -------------------------------------------------------------------------------

  #isFor({ to, rank }: Address, organisation: string, ceiling: Rank): boolean {
    const names = this.members.within(organisation);
    return rank <= ceiling && to.some((name) => names.has(name));
  }

  /** What an organisation shared itself it sees too, within its ceiling. */
  reaches(organisation: string, { sharer, address }: Version): boolean {
    const ceiling = Math.min(KEY_CEILING, this.members.ceiling(organisation));
    if (sharer === organisation) return address.rank <= ceiling;
    return this.#isFor(address, organisation, ceiling);
  }

  /** Whether an organisation would see what is so addressed, by whatever way. */
  wouldSee(organisation: string, to: readonly string[], rank: Rank): boolean {
    return this.#isFor({ to, rank }, organisation, this.members.ceiling(organisation));
  }

  versionsOf(object: number): readonly Version[] {
    return this.#objects.get(object) ?? [];
  }

  #currentOf({ object, sharer }: { object: number; sharer: string }): Version | undefined {
    return this.versionsOf(object).find((one) => one.sharer === sharer && !one.superseded);
  }

  /** The current versions of an object that an organisation sees: one of each sharer at most. */
  current(organisation: string, object: number): Version[] {
    return this.versionsOf(object).filter(
      (one) => !one.superseded && this.reaches(organisation, one),
    );
  }

  /** An older version is shown only to who sees it and its sharer's current one. */
  mayShow(organisation: string, version: Version): boolean {
    const current = this.#currentOf(version);
    return (
      current !== undefined &&
      this.reaches(organisation, current) &&
      this.reaches(organisation, version)
    );
  }

  /** Whether an organisation has ever seen an object: whoever has not is told of no withdrawal. */
  knew(organisation: string, object: number): boolean {
    return this.#known.has(`${organisation} ${object}`);
  }

  objects(): number[] {
    return [...this.#objects.keys()];
  }

  // Who may do what -----------------------------------------------------------------------------

  /** Takes a step. Whether it is allowed; for shares, of each object. */
  take(step: Step): boolean[] {
    const allowed = isAboutContent(step) ? this.#allows(step) : [this.members.take(step)];
    for (const organisation of this.members.organisations.keys()) {
      for (const object of this.objects()) {
        if (this.current(organisation, object).length === 0) continue;
        this.#known.add(`${organisation} ${object}`);
      }
    }
    return allowed;
  }

  #allows(step: ContentStep): boolean[] {
    switch (step.act) {
      case 'share':
        return this.#share(step);
      case 'readdress':
        return [this.#readdress(step)];
      case 'revoke':
        return [this.#revoke(step)];
    }
  }

  /** Organisations may be named by anybody, communities and groups by who is in them. */
  #mayName(by: string, to: readonly string[]): boolean {
    const names = this.members.within(by);
    return to.every((name) => this.members.organisations.has(name) || names.has(name));
  }

  /** In one order; where organisations are named, the sharer is among them. */
  #audience(by: string, to: readonly string[]): string[] {
    const named = to.every((name) => this.members.organisations.has(name));
    return [...new Set([...to, ...(named ? [by] : [])])].toSorted();
  }

  /** RED names organisations; nothing goes above the ceiling of who shares it. */
  #mayMark(by: string, to: readonly string[], rank: Rank): boolean {
    const named = to.every((name) => this.members.organisations.has(name));
    return rank <= this.members.ceiling(by) && (rank < RED || named);
  }

  #share({ by, objects, ranks, to: wished }: Extract<Step, { act: 'share' }>): boolean[] {
    const usual = this.members.organisations.get(by)?.defaultCommunity ?? '';
    const to = this.#audience(by, wished.length > 0 ? wished : [usual]);
    const open = this.members.takesPart(by) && this.#mayName(by, to);
    return objects.map((object, i) => {
      this.#number += 1;
      const marked = ranks[i] ?? null;
      const rank = marked ?? UNMARKED;
      const before = this.#currentOf({ object, sharer: by });
      if (!open || !this.#mayMark(by, to, rank) || before?.revoked === true) return false;
      const number = this.#number;
      this.#put({ object, sharer: by, number, marked, revoked: false }, { to, rank });
      return true;
    });
  }

  #put(facts: Omit<Version, 'superseded' | 'address'>, address: Address): void {
    const before = this.#currentOf(facts);
    if (before !== undefined) before.superseded = true;
    const version = { ...facts, superseded: false, address };
    this.versions.push(version);
    this.#objects.set(facts.object, [...this.versionsOf(facts.object), version]);
    if (before !== undefined) this.#narrow(version, before.address);
  }

  /** No older version is ever shown to more than saw it; who loses the object loses them all. */
  #narrow({ object, sharer, address }: Version, from: Address): void {
    if (address.rank === from.rank && address.to.join() === from.to.join()) return;
    const after = this.#reached(sharer, address);
    for (const older of this.versionsOf(object)) {
      if (!older.superseded || older.sharer !== sharer) continue;
      const before = this.#reached(sharer, older.address);
      if (before.isSubsetOf(after)) continue;
      const rank = Math.max(older.address.rank, address.rank);
      older.address = { to: after.isSubsetOf(before) ? address.to : [], rank };
    }
  }

  #reached(sharer: string, address: Address): Set<string> {
    const others = [...this.members.organisations.keys()].filter((name) => name !== sharer);
    return new Set(others.filter((name) => this.#isFor(address, name, this.members.ceiling(name))));
  }

  #readdress({ by, object, to, rank }: Extract<Step, { act: 'readdress' }>): boolean {
    const current = this.#currentOf({ object, sharer: by });
    if (!this.members.takesPart(by) || !this.#mayName(by, to) || current === undefined)
      return false;
    const next = {
      to: to.length > 0 ? this.#audience(by, to) : current.address.to,
      rank: rank ?? current.address.rank,
    };
    if (next.rank < (current.marked ?? 0)) return false;
    // What is RED already stays with whom it was named for.
    const named = to.length > 0 ? to : next.rank === current.address.rank ? [] : ['a community'];
    if (!this.#mayMark(by, named, next.rank)) return false;
    const from = current.address;
    current.address = next;
    this.#narrow(current, from);
    return true;
  }

  #revoke({ by, object }: Extract<Step, { act: 'revoke' }>): boolean {
    const current = this.#currentOf({ object, sharer: by });
    if (!this.members.takesPart(by) || current === undefined || current.revoked) return false;
    const { marked, address } = current;
    const rank = Math.max(marked ?? UNMARKED, address.rank);
    const { number } = current;
    this.#put({ object, sharer: by, number, marked, revoked: true }, { to: address.to, rank });
    return true;
  }
}
