/**
 * Who is in what, in plain lines: organisations, their agreements, communities within communities
 * and sharing groups. Names stand for all of them alike.
 */
import type { MemberStep, Rank, Status } from './step.ts';

export interface Organisation {
  readonly name: string;
  /** Its agreements take two approvals. */
  readonly partner: boolean;
  readonly defaultCommunity: string;
  status: Status;
}

interface Agreement {
  readonly organisation: string;
  readonly community: string;
  readonly rank: Rank;
  readonly later: boolean;
  readonly approvals: Set<number>;
  /** What an administrator makes for a partner waits for two of them. */
  state: 'waits' | 'later' | 'in force' | 'over';
  readonly replaces: Agreement | undefined;
}

export interface Group {
  readonly owner: string;
  readonly members: Set<string>;
  /** Those that have not answered yet: nothing of the group reaches them. */
  readonly invited: Set<string>;
  open: boolean;
  hidden: boolean;
}

export class Membership {
  readonly organisations = new Map<string, Organisation>();
  readonly groups = new Map<string, Group>();
  /** By community, those that it lies within. */
  readonly communities = new Map<string, readonly string[]>();
  readonly #agreements: Agreement[] = [];
  /** What was worked out since the last step, and is asked for again and again. */
  readonly #within = new Map<string, Set<string>>();

  /** An agreement in force from the beginning. */
  agreed(organisation: string, community: string, rank: Rank): void {
    const facts = { organisation, community, rank, later: false, replaces: undefined };
    this.#agreements.push({ ...facts, approvals: new Set(), state: 'in force' });
  }

  #inForce(organisation: string): Agreement[] {
    if (this.organisations.get(organisation)?.status !== 'active') return [];
    return this.#agreements.filter(
      (one) => one.organisation === organisation && one.state === 'in force',
    );
  }

  /** The highest marking that its agreements reach to; -1 without one in force. */
  ceiling(organisation: string): Rank {
    return Math.max(-1, ...this.#inForce(organisation).map(({ rank }) => rank));
  }

  takesPart(organisation: string): boolean {
    return this.ceiling(organisation) >= 0;
  }

  /** What an organisation is in: itself, its communities and those around them, its groups. */
  within(organisation: string): ReadonlySet<string> {
    const known = this.#within.get(organisation);
    if (known !== undefined) return known;
    const names = new Set<string>();
    this.#within.set(organisation, names);
    if (!this.takesPart(organisation)) return names;
    names.add(organisation);
    for (const { community } of this.#inForce(organisation)) this.#outwards(community, names);
    for (const [name, { members }] of this.groups) if (members.has(organisation)) names.add(name);
    return names;
  }

  #outwards(community: string, names: Set<string>): void {
    names.add(community);
    for (const outer of this.communities.get(community) ?? []) this.#outwards(outer, names);
  }

  /** Who has ever agreed, for what. */
  parties(): { organisation: string; community: string }[] {
    return this.#agreements.map(({ organisation, community }) => ({ organisation, community }));
  }

  /** Takes a step. Whether it is allowed. */
  take(step: MemberStep): boolean {
    this.#within.clear();
    switch (step.act) {
      case 'make group':
        return this.#makeGroup(step);
      case 'change group': {
        const group = this.groups.get(step.group);
        if (group) Object.assign(group, { open: step.open, hidden: step.hidden });
        return group !== undefined;
      }
      case 'join':
      case 'leave':
        return this.#move(step);
      case 'make community':
        return this.#makeCommunity(step);
      case 'status': {
        const organisation = this.organisations.get(step.organisation);
        if (organisation) organisation.status = step.status;
        return organisation !== undefined;
      }
      default:
        return this.#agreement(step);
    }
  }

  #makeGroup({
    by,
    group,
    members,
    open,
    hidden,
  }: Extract<MemberStep, { act: 'make group' }>): boolean {
    if (!this.takesPart(by) || this.groups.has(group)) return false;
    if (members.some((name) => this.organisations.get(name)?.status !== 'active')) return false;
    const invited = new Set(members.filter((name) => name !== by));
    this.groups.set(group, { owner: by, members: new Set([by]), invited, open, hidden });
    return true;
  }

  #move({
    act,
    group: name,
    organisation,
    itself,
  }: Extract<MemberStep, { itself: boolean }>): boolean {
    const group = this.groups.get(name);
    if (group === undefined) return false;
    if (itself) {
      const within = group.members.has(organisation) || group.owner === organisation;
      const may = group.open || within || group.invited.has(organisation);
      if (!this.takesPart(organisation) || !may) return false;
    }
    const isAsked = act === 'join' && !itself && !group.members.has(organisation);
    if (isAsked) {
      group.invited.add(organisation);
      return true;
    }
    group.invited.delete(organisation);
    if (act === 'join') group.members.add(organisation);
    else group.members.delete(organisation);
    return true;
  }

  /** The invitations that wait for an answer. */
  invitations(): { group: string; organisation: string }[] {
    return [...this.groups].flatMap(([group, { invited }]) =>
      [...invited].map((organisation) => ({ group, organisation })),
    );
  }

  #makeCommunity(step: Extract<MemberStep, { act: 'make community' }>): boolean {
    const { community, within, contains } = step;
    if (this.communities.has(community)) return false;
    for (const outer of within) {
      const around = new Set<string>();
      this.#outwards(outer, around);
      if (contains.some((inner) => around.has(inner))) return false;
    }
    this.communities.set(community, within);
    for (const inner of contains) {
      this.communities.set(inner, [...(this.communities.get(inner) ?? []), community]);
    }
    return true;
  }

  #agreement(step: Extract<MemberStep, { community: string; organisation: string }>): boolean {
    const { organisation, community } = step;
    const all = this.#agreements.filter(
      (one) => one.organisation === organisation && one.community === community,
    );
    const inForce = all.find(({ state }) => state === 'in force');
    const waiting = all.find(({ state }) => state === 'waits');
    const later = all.find(({ state }) => state === 'later');
    switch (step.act) {
      case 'agree':
        if (waiting ?? later ?? (step.later && inForce)) return false;
        this.#agree(step, inForce);
        return true;
      case 'approve':
        return this.#approve(waiting, step.administrator);
      case 'begin':
        if (later) later.state = 'in force';
        return later !== undefined;
      default:
        if (inForce) inForce.state = 'over';
        return inForce !== undefined;
    }
  }

  #agree(
    { organisation, community, rank, later }: Extract<MemberStep, { act: 'agree' }>,
    replaces: Agreement | undefined,
  ): void {
    const facts = { organisation, community, rank, later, replaces };
    const agreement: Agreement = { ...facts, approvals: new Set(), state: 'waits' };
    this.#agreements.push(agreement);
    if (this.organisations.get(organisation)?.partner !== true) this.#approved(agreement);
  }

  #approve(waiting: Agreement | undefined, administrator: number): boolean {
    if (waiting === undefined || waiting.approvals.has(administrator)) return false;
    if (waiting.approvals.add(administrator).size === 2) this.#approved(waiting);
    return true;
  }

  #approved(agreement: Agreement): void {
    if (agreement.replaces) agreement.replaces.state = 'over';
    agreement.state = agreement.later ? 'later' : 'in force';
  }
}
