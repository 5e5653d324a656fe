/** Shares what was examined: decides what becomes of each candidate, and stores it. */
import type { Clock } from '../clock.ts';
import { Problem } from '../errors.ts';
import type { Member } from '../sharing/member.ts';
import { internUnion } from '../store/content/audiences.ts';
import { appendAudit } from '../store/audit/record.ts';
import type { Tx } from '../store/postgres/transaction.ts';
import {
  ConcurrentWrite,
  findOwnVersions,
  type Replaced,
  supersede,
  type Share,
} from '../store/content/versions.ts';
import { saveVersions, type Announced } from '../store/content/save-versions.ts';
import { widenings } from './asked-audience.ts';
import { isItselfAlone, type ChosenAudience } from './audience.ts';
import type { SharingContext } from './context.ts';
import { chargeFor, refuseTooLarge } from './daily-bytes.ts';
import { decide } from './decide.ts';
import type { Decision, KnownVersion } from './decision.ts';
import { endShares, lockCandidates, revocationsAmong } from './end-shares.ts';
import type { Examined } from './examine-all.ts';
import type { Candidate } from './examine.ts';
import { inLogOrder } from './log-order.ts';
import { narrow } from './narrow.ts';
import { checkReshares } from './pass-on.ts';
import { moves, newVersions, reissuesWithin, replacedVersions } from './plan.ts';
import { abortIfRejected, toResults, type ObjectResult } from './results.ts';
import { askedAudience, raise, widen } from './widen.ts';
import { write, type Bill } from './write.ts';

/** Where candidates go. */
export type Destination =
  | {
      /** The audience that the member chose. */
      readonly chosen: ChosenAudience;
      /** Bytes that its organisation had stored today before this: what is stored counts against its quota. */
      readonly storedBefore: number;
    }
  | {
      /**
       * The one version that the only candidate follows: it goes where that went, whatever may be shared
       * there now, and counts against no quota. Where another took its place meanwhile, Overtaken is thrown.
       */
      readonly follows: Replaced;
    };

export interface ShareInput {
  readonly member: Member;
  readonly to: Destination;
  /** All of it or nothing. */
  readonly atomic: boolean;
  /** Only say what would happen. */
  readonly dryRun: boolean;
  readonly requestId?: string | undefined;
  /**
   * The comparable `modified` of the current version on which each object was based, by id; '' where there was
   * none. Where another one is current by now, Overtaken is thrown.
   */
  readonly basis?: ReadonlyMap<string, string> | undefined;
}

/** The version that a candidate was to follow has been replaced or readdressed: start again with the stored one. */
export class Overtaken extends Error {
  override readonly name = 'Overtaken';
}

const RETRIES_MAX = 8;
/** Rows of one statement. */
const SAVE_MAX = 2500;

/**
 * Stores versions, observables, inbox and audit rows in one transaction; again from the beginning where
 * somebody wrote the same objects meanwhile. Every object has its result, in the order given. Throws as accept
 * does.
 */
export async function share(
  context: SharingContext,
  examined: Examined,
  input: ShareInput,
): Promise<ObjectResult[]> {
  const { member, to } = input;
  // What follows a version goes where that went: the member chooses nothing.
  const chosenIds = 'follows' in to ? [] : to.chosen.partIds;
  for (let retry = 0; ; retry++) {
    try {
      const { candidates, rejections, decisions, reissues, stored } = await write(
        context,
        member,
        (tx, bill) => decideAndStore(context, tx, { ...input, bill }, examined),
        chosenIds,
      );
      if (stored > 0) context.onAccepted();
      return toResults(rejections, candidates, decisions, reissues);
    } catch (error) {
      if (!(error instanceof ConcurrentWrite)) throw error;
      if (retry === RETRIES_MAX) throw contended(error);
    }
  }
}

function contended(cause: ConcurrentWrite): Problem {
  const detail = 'Other requests changed the same objects at the same time. Try again.';
  return new Problem('not_ready', detail, { cause });
}

interface StoreInput extends ShareInput {
  readonly bill: Bill;
}

interface Shared extends Examined {
  readonly decisions: Decision[];
  /** By the id of a re-issue, the id of what it says again. */
  readonly reissues: ReadonlyMap<string, string>;
  readonly stored: number;
}

const NONE: ReadonlyMap<string, string> = new Map();

/** Decides and stores within one transaction. */
async function decideAndStore(
  context: SharingContext,
  tx: Tx,
  input: StoreInput,
  examined: Examined,
): Promise<Shared> {
  const { member, to, atomic, dryRun } = input;
  const chosen = audienceOf(to);
  await lockCandidates(tx, member, examined.candidates);
  const passing = { member, toItselfAlone: isItselfAlone(chosen, member), audience: checkedBy(to) };
  const held = await checkReshares(tx, passing, examined);
  const { candidates, rejections } = held;
  if (candidates.length === 0) {
    abortIfRejected(atomic, rejections, [], []);
    return { ...held, decisions: [], reissues: NONE, stored: 0 };
  }
  const { realmId, self: own, cleared } = member.viewer;
  const organisationId = member.organisation.id;
  const found = await findOwnVersions(tx, realmId, organisationId, candidates);
  const { versions: known, purged } = found;
  if ('follows' in to) refuseOvertaken(to.follows, known);
  if (input.basis !== undefined) refuseOtherBasis(input.basis, candidates, known);
  const asked = await askedAudience(context.db, tx, { ...chosen, own, cleared, realmId }, known);
  const now = comparableNow(context.clock);
  const decided = decide(candidates, known, { purged, now, audience: asked });
  const decisions = widenings(candidates, decided, asked);
  abortIfRejected(atomic, rejections, candidates, decisions);
  const isStored =
    !dryRun && decisions.some((one) => 'modified' in one || 'widens' in one || 'raises' in one);
  if (!isStored) return { ...held, decisions, reissues: NONE, stored: 0 };
  return { ...held, decisions, ...(await store(context, tx, input, candidates, decisions)) };
}

function audienceOf(to: Destination): ChosenAudience {
  if ('chosen' in to) return to.chosen;
  return { partIds: [to.follows.audienceId], namesOrganisations: false };
}

/** What the policy is asked about: nothing where a version goes to the audience that has it. */
function checkedBy(to: Destination): ChosenAudience | undefined {
  return 'chosen' in to ? to.chosen : undefined;
}

/** Stores what was decided, with all that follows from it. */
async function store(
  { db, clock, quotas }: SharingContext,
  tx: Tx,
  input: StoreInput,
  candidates: readonly Candidate[],
  decisions: readonly Decision[],
): Promise<Pick<Shared, 'reissues' | 'stored'>> {
  const { member, to, bill } = input;
  const sharer = { organisationId: member.organisation.id, audiencesMax: quotas.audiences };
  const { partIds } = audienceOf(to);
  const audienceId = await internUnion(tx, member.viewer.realmId, partIds, sharer);
  const versions = newVersions(candidates, decisions, audienceId);
  const quota = { now: clock.now(), max: quotas.bytesPerDay };
  // Nothing is written that cannot be charged for in the end.
  if ('chosen' in to) refuseTooLarge(versions, to.storedBefore, quota);
  const raised = await raise(tx, decisions);
  const replaced = [...replacedVersions(decisions).values()];
  await supersede(tx, replaced);
  const context = await openShare(tx, input, { audienceId, objects: versions.length });
  const widened = await widen(tx, context, sharer, decisions);
  const reissues = await save(tx, context, inLogOrder(candidates, decisions, versions, widened));
  for (const move of [...raised, ...moves(replaced, versions)]) await narrow(db, tx, context, move);
  await endShares(tx, member, revocationsAmong(member, versions));
  if ('chosen' in to) bill.charge = chargeFor(versions, quota);
  return { reissues, stored: versions.length + widened.size + raised.length };
}

function refuseOvertaken(follows: Replaced, known: readonly KnownVersion[]): void {
  const { versionId, audienceId, tlp } = follows;
  const current = known.find((version) => !version.superseded && version.versionId === versionId);
  if (current?.audienceId === audienceId && current.tlp === tlp) return;
  throw new Overtaken('Another version replaced it, or its audience has changed');
}

function refuseOtherBasis(
  basis: ReadonlyMap<string, string>,
  candidates: readonly Candidate[],
  known: readonly KnownVersion[],
): void {
  const current = new Map(
    known.flatMap((one) => (one.superseded ? [] : [[one.stixId, one.modified] as const])),
  );
  const isOvertaken = candidates.some(
    ({ stixId }) => (basis.get(stixId) ?? '') !== (current.get(stixId) ?? ''),
  );
  if (isOvertaken) throw new Overtaken('Another version is current by now');
}

/** Saves in statements of bounded size; tells of which older id each re-issue is. */
async function save(
  tx: Tx,
  share: Share,
  announced: readonly Announced[],
): Promise<Map<string, string>> {
  const reissues = reissuesWithin(announced.filter((one) => 'stixId' in one));
  for (let start = 0; start < announced.length; start += SAVE_MAX) {
    const saved = await saveVersions(tx, share, announced.slice(start, start + SAVE_MAX));
    for (const { stixId, duplicateOf } of saved) reissues.set(stixId, duplicateOf);
  }
  return reissues;
}

/** Now, as stix/timestamp compares times. */
function comparableNow(clock: Clock): string {
  return clock.now().toISOString().replace('Z', '000Z');
}

async function openShare(
  tx: Tx,
  { member, requestId }: ShareInput,
  { audienceId, objects }: { readonly audienceId: number; readonly objects: number },
): Promise<Share> {
  const auditId = await appendAudit(tx, {
    organisationId: member.organisation.id,
    actor: member.actor,
    action: 'objects.share',
    requestId,
    address: member.address,
    audienceId,
    detail: { realm: member.realm.slug, objects },
  });
  return { realmId: member.viewer.realmId, organisationId: member.organisation.id, auditId };
}
