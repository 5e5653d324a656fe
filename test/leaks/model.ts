/**
 * The policy in plain lines, written from its rules and from none of the server's code: who may
 * share what with whom. Who sees which version, and who is in what, is beside it.
 */
import { actsInPerson, RED, Shared, type Address, type Version } from './shared.ts';
import { isAboutContent, type ContentStep, type Rank, type Step } from './step.ts';

type StepOf<Act extends ContentStep['act']> = Extract<ContentStep, { act: Act }>;

/** What is shared without a marking. */
export const UNMARKED: Rank = 2;
const AMBER: Rank = 2;

export class Model extends Shared {
  /** Whose identity an object names as its creator: nobody's, or that of its first sharer. */
  readonly #creators = new Map<number, string | null>();
  #number = 0;

  /** Takes a step. Whether it is allowed; for shares, of each object. */
  take(step: Step): boolean[] {
    const allowed = isAboutContent(step) ? this.#allows(step) : [this.members.take(step)];
    this.remember();
    return allowed;
  }

  #allows(step: ContentStep): boolean[] {
    switch (step.act) {
      case 'share':
        return this.#share(step);
      case 'pass on':
        return [this.#passOn(step)];
      case 'readdress':
        return [this.#readdress(step)];
      case 'revoke':
        return [this.#revoke(step)];
      case 'purge':
        return [this.purge(step.object)];
    }
  }

  creatorOf(object: number): string | null {
    return this.#creators.get(object) ?? null;
  }

  /** Whether it is in another member's name. */
  #isForeign(by: string, object: number): boolean {
    return (this.creatorOf(object) ?? by) !== by;
  }

  /** Organisations may be named by anybody, communities and groups by their members. */
  #mayName(by: string, to: readonly string[]): boolean {
    const names = this.members.within(by);
    return to.every((name) => this.members.organisations.has(name) || names.has(name));
  }

  /** In one order; where organisations are named, the sharer is among them. */
  #audience(by: string, wished: readonly string[]): string[] {
    const usual = this.members.organisations.get(by)?.defaultCommunity ?? '';
    const to = wished.length > 0 ? wished : [usual];
    const named = to.every((name) => this.members.organisations.has(name));
    return [...new Set([...to, ...(named ? [by] : [])])].toSorted();
  }

  /** RED names organisations; nothing goes above the ceiling of its sharer. */
  #mayMark(by: string, to: readonly string[], rank: Rank): boolean {
    const named = to.every((name) => this.members.organisations.has(name));
    return rank <= this.members.ceiling(by) && (rank < RED || named);
  }

  #share({ by, objects, ranks, to: wished }: StepOf<'share'>): boolean[] {
    const to = this.#audience(by, wished);
    return objects.map((object, i) => {
      this.#number += 1;
      const number = this.#number;
      if (!this.#creators.has(object)) this.#creators.set(object, object % 3 === 0 ? null : by);
      const marked = ranks[i] ?? null;
      const rank = marked ?? UNMARKED;
      const ended = this.currentOf({ object, sharer: by })?.revoked === true;
      if (ended || this.#isForeign(by, object)) return false;
      if (!this.#mayShare(by, object, { to, rank })) return false;
      this.put({ object, sharer: by, number, marked, revoked: false }, { to, rank });
      return true;
    });
  }

  /** The newest version that somebody shares of an object, or the one before; not what revokes it. */
  passable({ object, of, older }: StepOf<'pass on'>): Version | undefined {
    const versions = this.versionsOf(object).filter((one) => one.sharer === of && !one.revoked);
    return versions.at(older ? -2 : -1);
  }

  /** The very version that one sees, unchanged, up to GREEN; AMBER within one's organisation. */
  #passOn(step: StepOf<'pass on'>): boolean {
    const { by, object } = step;
    const version = this.passable(step);
    if (version === undefined || !this.#isForeign(by, object)) return false;
    const { number, marked } = version;
    const own = this.currentOf({ object, sharer: by });
    if (own?.revoked === true || (own?.number ?? 0) >= number) return false;
    const seen = this.#livingOf(by, version);
    const rank = Math.max(marked ?? UNMARKED, ...seen.map(({ address }) => address.rank));
    const to = this.#audience(by, step.to);
    if (seen.length === 0 || !mayGoTo(by, to, rank)) return false;
    if (!this.#mayShare(by, object, { to, rank })) return false;
    this.put({ object, sharer: by, number, marked, revoked: false }, { to, rank });
    return true;
  }

  /** Over what is RED, a key puts only what is RED too, and for no others. */
  #mayFollow(by: string, object: number, { to, rank }: Address): boolean {
    const own = this.currentOf({ object, sharer: by });
    if (own === undefined || own.address.rank < RED) return true;
    return rank === RED && to.every((name) => name === by || own.address.to.includes(name));
  }

  #mayShare(by: string, object: number, { to, rank }: Address): boolean {
    if (!this.members.takesPart(by) || !this.#mayName(by, to)) return false;
    if (!this.#mayMark(by, to, rank) || !this.#mayFollow(by, object, { to, rank })) return false;
    return !this.isRefused({ organisation: by, cleared: false }, object);
  }

  /** Where one sees this very content; nothing where its creator has revoked it since. */
  #livingOf(by: string, { object, number }: Version): Version[] {
    const eyes = { organisation: by, cleared: false };
    const same = this.versionsOf(object).filter((one) => one.number === number && !one.revoked);
    const seen = same.filter((one) => this.mayShow(eyes, one));
    return seen.every((one) => this.currentOf(one)?.revoked === true) ? [] : seen;
  }

  /** What an organisation can change: what is RED only by a user with clearance, where it has one. */
  #changeable(by: string, object: number): Version | undefined {
    const current = this.currentOf({ object, sharer: by });
    if (!this.members.takesPart(by) || current === undefined) return undefined;
    return current.address.rank === RED && !actsInPerson(by) ? undefined : current;
  }

  #readdress({ by, object, to, rank }: StepOf<'readdress'>): boolean {
    const current = this.#changeable(by, object);
    if (current === undefined || !this.#mayName(by, to)) return false;
    const from = current.address;
    const next = {
      to: to.length > 0 ? this.#audience(by, to) : from.to,
      rank: rank ?? from.rank,
    };
    if (next.rank < (current.marked ?? 0)) return false;
    if (!this.#mayMark(by, next.to, next.rank)) return false;
    if (this.#isForeign(by, object) && !mayReaddressForeign(by, from, next)) return false;
    current.address = next;
    this.audited.add(`${by} ${object}`);
    this.narrow(current, from);
    return true;
  }

  /** Where the creator revokes, what others share of it ends too, each for those who had it. */
  #revoke({ by, object }: StepOf<'revoke'>): boolean {
    const current = this.#changeable(by, object);
    if (current === undefined || current.revoked) return false;
    if (this.#isForeign(by, object)) return false;
    const { marked, address } = current;
    this.#end(current, Math.max(marked ?? UNMARKED, address.rank));
    if (this.creatorOf(object) === null) return true;
    for (const other of this.versionsOf(object)) {
      if (other.superseded || other.revoked) continue;
      this.#end(other, other.address.rank);
      this.audited.add(`${other.sharer} ${object}`);
    }
    return true;
  }

  #end({ object, sharer, number, marked, address }: Version, rank: Rank): void {
    this.put({ object, sharer, number, marked, revoked: true }, { to: address.to, rank });
  }
}

/** Where what another created may go: up to GREEN anywhere, AMBER no further than oneself. */
function mayGoTo(by: string, to: readonly string[], rank: Rank): boolean {
  const alone = to.length === 1 && to[0] === by;
  return rank < AMBER || (rank === AMBER && alone);
}

/** Never lower than it was received, and to others only up to GREEN. */
function mayReaddressForeign(by: string, from: Address, { to, rank }: Address): boolean {
  const alone = to.length === 1 && to[0] === by;
  return rank >= from.rank && (to.join() === from.to.join() || alone || rank < AMBER);
}
