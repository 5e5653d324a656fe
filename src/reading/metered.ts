/**
 * How shared content is given to somebody. Every function of this folder is made here, so that none
 * gives anything without recording it for the audit and counting it against the recipient's quota.
 */
import type { Disclosures } from '../audit/disclosures.ts';
import type { Member } from '../sharing/member.ts';
import type { Viewer } from '../sharing/viewer.ts';
import type { Database } from '../store/postgres/database.ts';

/** Whose quota objects count against. */
export interface Payer {
  /** `key <id>` or `user <id>`. */
  readonly actor: string;
  readonly organisationId: number;
}

/** How many objects may be read in a minute (http/edge/rates.ts). */
export interface ObjectQuota {
  /** Counts objects that were read. */
  charge(payer: Payer, objects: number): void;
  /**
   * Counts objects that are about to be given, unless the quota was used up before them. Resolves to
   * how long the recipient must wait, in milliseconds; 0 when they may be given.
   */
  take(payer: Payer, objects: number): Promise<number>;
}

/** Deliveries count against no quota: a receiver sets their pace. */
export const NO_QUOTA: ObjectQuota = {
  charge: () => undefined,
  take: () => Promise.resolve(0),
};

/** Where it is recorded what was given to whom, and where it is counted. */
export interface Meter {
  readonly disclosures: Pick<Disclosures, 'record'>;
  readonly quota: ObjectQuota;
}

/** To whom content is given: a member, or a subscription. */
export interface Recipient {
  /** As the audit names it: `key <id>`, `user <id>` or `subscription <id>`. */
  readonly actor: string;
  readonly viewer: Pick<Viewer, 'organisationId' | 'realmId'>;
}

/** A member that reads, with all that this takes. */
export interface MemberReading extends Meter {
  readonly db: Database;
  readonly member: Member;
}

/** What is recorded of something that was given. */
export interface Given {
  /** Withdrawals count too. */
  readonly objects: number;
  /** The place in the log up to which the recipient has read, where it reads the log. */
  readonly place?: number;
}

/** A page that was read and is ready, and that nobody was given yet. */
export interface PreparedPage<Page> {
  readonly objects: number;
  /** How far it has read: the next one begins after it. */
  readonly next: number;
  /** Whether the log had rows after `next` when it was read. */
  readonly more: boolean;
  /** Gives it to a recipient. */
  give(meter: Meter, to: Recipient): Page;
  /** The same, unless the recipient's quota is used up: then how long it must wait, in milliseconds. */
  giveWithinQuota(meter: Meter, to: Recipient): Promise<Page | { readonly waitMs: number }>;
}

const doors = new WeakMap<object, string>();

/** The name by which the audit knows what a function gives; undefined for one that was not made here. */
export function doorOf(made: object): string | undefined {
  return doors.get(made);
}

/**
 * Makes a function by which a member reads: what it finds is given at once. It is recorded under the
 * name `door`; where `find` throws, nothing is.
 */
export function metered<Input, Found>(
  door: string,
  find: (db: Database, member: Member, input: Input) => Promise<Found>,
  givenIn: (found: Found) => Given,
): (reading: MemberReading, input: Input) => Promise<Found> {
  const read = async (reading: MemberReading, input: Input): Promise<Found> => {
    const { db, member } = reading;
    const found = await find(db, member, input);
    const given = givenIn(found);
    reading.quota.charge(payerOf(member), given.objects);
    record(reading, door, member, given);
    return found;
  };
  doors.set(read, door);
  return read;
}

/**
 * Makes a function that prepares pages of the log, each of which is then given to one recipient or to
 * several that see the same. `find` reads for `who` and has the page made of its rows by `make`, which
 * passes them on to nobody.
 */
export function meteredPages<Who, Input, Rows>(
  door: string,
  find: <Page>(
    db: Database,
    who: Who,
    input: Input,
    make: (rows: Rows) => Promise<Page>,
  ) => Promise<{ readonly page: Page } & Omit<PreparedPage<Page>, 'give' | 'giveWithinQuota'>>,
): <Page>(
  db: Database,
  who: Who,
  input: Input,
  make: (rows: Rows) => Promise<Page>,
) => Promise<PreparedPage<Page>> {
  const read = async <Page>(
    db: Database,
    who: Who,
    input: Input,
    make: (rows: Rows) => Promise<Page>,
  ): Promise<PreparedPage<Page>> => {
    const { page, objects, next, more } = await find(db, who, input, make);
    const given = { objects, place: next };
    return {
      objects,
      next,
      more,
      give: (meter, to) => {
        meter.quota.charge(payerOf(to), objects);
        record(meter, door, to, given);
        return page;
      },
      giveWithinQuota: async (meter, to) => {
        const waitMs = objects === 0 ? 0 : await meter.quota.take(payerOf(to), objects);
        if (waitMs > 0) return { waitMs };
        record(meter, door, to, given);
        return page;
      },
    };
  };
  doors.set(read, door);
  return read;
}

function payerOf({ actor, viewer }: Recipient): Payer {
  return { actor, organisationId: viewer.organisationId };
}

function record(
  { disclosures }: Meter,
  door: string,
  { actor, viewer }: Recipient,
  { objects, place = 0 }: Given,
): void {
  const { organisationId, realmId } = viewer;
  disclosures.record({ reader: actor, door, organisationId, realmId, place, objects });
}
