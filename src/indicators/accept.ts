import type { Member } from '../sharing/member.ts';
import type { ChosenAudience } from './audience.ts';
import type { SharingContext } from './context.ts';
import { refuseOverQuota } from './daily-bytes.ts';
import { examineAll, type Posted } from './examine-all.ts';
import type { ObjectResult } from './results.ts';
import { share, type ShareInput } from './share.ts';
import { termsFor } from './terms.ts';

/** Who shares it with whom, and how. */
export interface AcceptInput {
  readonly member: Member;
  readonly audience: ChosenAudience;
  /** All of it or nothing. */
  readonly atomic: boolean;
  /** Only say what would happen. */
  readonly dryRun: boolean;
  readonly requestId?: string | undefined;
  /** As ShareInput has it. */
  readonly basis?: ShareInput['basis'];
}

/**
 * The one way in: examines what is posted, and shares what may be. Every object has its result, in the order
 * given. One object's failure leaves the others alone; with `atomic` it is Problem atomic_aborted, which
 * carries the results, and nothing is stored. Throws StandingChanged where the member may do other
 * things by now.
 */
export async function accept(
  context: SharingContext,
  posted: Posted,
  { audience, ...input }: AcceptInput,
): Promise<ObjectResult[]> {
  const { db, clock, quotas, unknownTlp } = context;
  const { member, dryRun } = input;
  // A dry run stores nothing.
  const storedBefore = dryRun
    ? 0
    : await refuseOverQuota(db, member, clock.now(), quotas.bytesPerDay);
  const terms = await termsFor(db, posted, { member, audience, unknownTlp, now: clock.now() });
  const examined = await examineAll(posted, terms, input.member);
  return share(context, examined, { ...input, to: { chosen: audience, storedBefore } });
}
