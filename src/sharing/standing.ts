/**
 * What a caller was let in as. A request reads it at its start and may write much later: every
 * transaction that writes holds it against what the database says then.
 */
import { NO_CEILING } from './viewer.ts';

/** As the caller was authenticated. */
export interface Standing {
  readonly organisationId: number;
  readonly realmId: number;
  /** Both undefined where the operator acts for the organisation. */
  readonly keyId: string | undefined;
  readonly sessionId: string | undefined;
  readonly role: string | null;
  readonly cleared: boolean;
  /** CIDRs from which the key may be used. */
  readonly networks: readonly string[];
  /** The TLP rank of its agreement; -1 while none is in force. */
  readonly ceiling: number;
  readonly defaultTlp: number;
  readonly defaultCommunityId: number | null;
  readonly identities: readonly string[];
}

/** The same as the database has it now. */
export interface StandingNow extends Pick<
  Standing,
  'role' | 'cleared' | 'networks' | 'defaultTlp' | 'defaultCommunityId' | 'identities'
> {
  /** Whether the key or session was not revoked, and its user not disabled. */
  readonly alive: boolean;
  readonly endsAt: Date | null;
  /** Null while no agreement is in force. */
  readonly ceiling: number | null;
  /** Whether the organisation may still share with the audience asked about. */
  readonly usable: boolean;
}

/**
 * The caller may do other things now than when its request began: nothing of the transaction stays.
 * http/ authenticates the caller again, which either continues with its present rights, or is rejected
 * as a new request would be.
 */
export class StandingChanged extends Error {
  override readonly name = 'StandingChanged';
}

/** Throws StandingChanged unless everything is as it was when the caller was let in. */
export function requireSame(then: Standing, now: StandingNow | undefined, at: Date): void {
  if (now !== undefined && isGood(now, at) && hasSameRights(then, now)) return;
  throw new StandingChanged('The rights of the caller have changed since the request began');
}

function isGood({ alive, endsAt, usable }: StandingNow, at: Date): boolean {
  return alive && usable && (endsAt === null || endsAt > at);
}

function hasSameRights(then: Standing, now: StandingNow): boolean {
  return (
    then.role === now.role &&
    then.cleared === now.cleared &&
    then.ceiling === (now.ceiling ?? NO_CEILING) &&
    then.defaultTlp === now.defaultTlp &&
    then.defaultCommunityId === now.defaultCommunityId &&
    isSameSet(then.networks, now.networks) &&
    isSameSet(then.identities, now.identities)
  );
}

function isSameSet(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && new Set(some).isSubsetOf(new Set(others));
}
