import type { Clock } from '../clock.ts';
import { Problem } from '../errors.ts';
import type { Member } from '../sharing/member.ts';
import { PRODUCTION } from '../sharing/realm.ts';
import type { Exercise } from '../stix/exercise.ts';
import type { Quotas } from '../sharing/quotas.ts';
import { internUnion, othersIdentities } from '../store/content/audiences.ts';
import { appendAudit } from '../store/audit/record.ts';
import type { Database } from '../store/postgres/database.ts';
import type { Tx } from '../store/postgres/transaction.ts';
import {
  ConcurrentWrite,
  findOwnVersions,
  type Replaced,
  supersede,
  type Share,
} from '../store/content/versions.ts';
import { saveVersions, type Announced } from '../store/content/save-versions.ts';
import { isItselfAlone, type ChosenAudience } from './audience.ts';
import { chargeFor, refuseOverQuota, refuseTooLarge } from './daily-bytes.ts';
import { decide } from './decide.ts';
import type { Decision, KnownVersion } from './decision.ts';
import { endShares, lockCandidates, revocationsAmong } from './end-shares.ts';
import { examineAll, type Examined } from './examine-all.ts';
import { namesOf, OBJECT_CHARACTERS_MAX, type Candidate } from './examine.ts';
import type { Terms, UnknownTlp } from './judge.ts';
import { learnMarkings, type KnownMarkings } from './markings.ts';
import { narrow } from './narrow.ts';
import { holdPassings } from './pass-on.ts';
import { inLogOrder } from './log-order.ts';
import { moves, newVersions, reissuesWithin, replacedVersions } from './plan.ts';
import { widenings } from './asked-audience.ts';
import { askedAudience, raise, widen } from './widen.ts';
import { write, type Bill } from './write.ts';
import { abortIfRejected, toResults, type ObjectResult } from './results.ts';

export interface AcceptContext {
  readonly db: Database;
  readonly clock: Clock;
  readonly quotas: Pick<Quotas, 'bytesPerDay' | 'audiences'>;
  /** Called when something was committed that the sequencer should move on. */
  readonly onAccepted: () => void;
}

export interface AcceptRequest {
  readonly member: Member;
  readonly audience: ChosenAudience;
  /** All of it or nothing. */
  readonly atomic: boolean;
  /** Only say what would happen. */
  readonly dryRun: boolean;
  readonly requestId?: string | undefined;
  /** A TLP rank below which nothing of this request is marked. */
  readonly tlpAtLeast?: number;
  /** The place of the first object in the whole request, when it comes in parts. */
  readonly firstIndex?: number;
  /** What the bundle says of itself, as only STIX 2.0 does. */
  readonly bundleVersion?: string | undefined;
  /** What earlier parts of the request say of markings; this part adds to it. */
  readonly markings?: KnownMarkings;
  /** Whether more parts of the request follow. */
  readonly moreFollow?: boolean;
  /** What becomes of an object whose TLP level cannot be told; a warning unless told otherwise. */
  readonly unknownTlp?: UnknownTlp;
  /** The one version that this follows; where another took its place meanwhile, Overtaken is thrown. */
  readonly follows?: Replaced;
}

/** What a request was to follow has been replaced, or addressed anew: begin again with what is there. */
export class Overtaken extends Error {
  override readonly name = 'Overtaken';
}

type TermsRequest = Pick<
  AcceptRequest,
  'member' | 'tlpAtLeast' | 'markings' | 'moreFollow' | 'unknownTlp' | 'follows'
> & {
  readonly now?: Date;
  readonly audience: Pick<ChosenAudience, 'namesOrganisations'>;
};

const RETRIES_MAX = 8;
/** Rows of one statement. */
const SAVE_MAX = 2500;

/**
 * The one way in: checks objects, decides what becomes of each and keeps versions, observables,
 * inbox and audit rows in one transaction. Every object has its result, in the order given.
 * One object's failure leaves the others alone; with `atomic` it is Problem atomic_aborted, which
 * carries the results, and nothing is stored. Throws StandingChanged where the member may do other
 * things by now.
 */
export async function accept(
  context: AcceptContext,
  objects: readonly unknown[],
  request: AcceptRequest,
): Promise<ObjectResult[]> {
  const { db, onAccepted } = context;
  const { member } = request;
  const storedBefore = await refuseBefore(context, request);
  const terms = await termsFor(db, objects, { ...request, now: context.clock.now() });
  const examined = await examineAll(objects, terms, request);
  for (let retry = 0; ; retry++) {
    try {
      const { candidates, refusals, decisions, reissues, kept } = await write(
        context,
        member,
        (tx, bill) => keep(context, tx, { ...request, storedBefore, bill }, examined),
        request.audience.isBound === true ? [] : request.audience.partIds,
      );
      if (kept > 0) onAccepted();
      return toResults(refusals, candidates, decisions, reissues);
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

/**
 * The bytes that the organisation has stored today. A dry run stores nothing, and what follows one
 * version (a revocation) never waits for another day: for these none are counted.
 */
async function refuseBefore(
  { db, clock, quotas }: AcceptContext,
  { member, dryRun, follows }: AcceptRequest,
): Promise<number> {
  if (dryRun || follows !== undefined) return 0;
  return refuseOverQuota(db, member, clock.now(), quotas.bytesPerDay);
}

/** What a member may share, as far as these objects are concerned. */
export async function termsFor(
  db: Database,
  objects: readonly unknown[],
  request: TermsRequest,
): Promise<Terms> {
  const { member, audience, tlpAtLeast = 0, unknownTlp = 'warn', moreFollow = false } = request;
  const { now, follows } = request;
  const own = new Set(member.organisation.identities);
  const foreign = new Set<string>();
  for (const object of objects) {
    if (typeof object !== 'object' || object === null) continue;
    for (const name of namesOf(object)) if (!own.has(name)) foreign.add(name);
  }
  return {
    now,
    charactersMax: follows === undefined ? OBJECT_CHARACTERS_MAX : Number.POSITIVE_INFINITY,
    exercise: exerciseFor(member),
    defaultTlp: member.organisation.defaultTlp,
    tlpAtLeast,
    unknownTlp,
    moreFollow,
    meanings: await learnMarkings(db, member.viewer, objects, request.markings),
    shareCeiling: member.shareCeiling,
    namesOrganisations: audience.namesOrganisations,
    othersIdentities: await othersIdentities(db.server, member.organisation.id, [...foreign], {
      onlyMembers: true,
    }),
  };
}

function exerciseFor({ viewer, realm }: Member): Exercise | undefined {
  if (viewer.realmId === PRODUCTION) return undefined;
  return { realm: realm.slug, name: realm.name };
}

interface KeepRequest extends AcceptRequest {
  /** Bytes that the organisation had stored today before this request. */
  readonly storedBefore: number;
  readonly bill: Bill;
}

interface Kept extends Examined {
  readonly decisions: Decision[];
  /** By the id of a re-issue, the id of what it says again. */
  readonly reissues: ReadonlyMap<string, string>;
  readonly kept: number;
}

const NONE: ReadonlyMap<string, string> = new Map();

/** Decides and keeps within one transaction. */
async function keep(
  context: AcceptContext,
  tx: Tx,
  request: KeepRequest,
  examined: Examined,
): Promise<Kept> {
  const { member, audience } = request;
  const { namesOrganisations } = audience;
  const terms = { member, toItselfAlone: isItselfAlone(audience, member), namesOrganisations };
  await lockCandidates(tx, member, examined.candidates);
  const held = await holdPassings(tx, terms, examined);
  const { candidates, refusals } = held;
  if (candidates.length === 0) {
    abortIfRejected(request.atomic, refusals, [], []);
    return { ...held, decisions: [], reissues: NONE, kept: 0 };
  }
  const { realmId } = member.viewer;
  const { versions: known, purged } = await findOwnVersions(
    tx,
    realmId,
    member.organisation.id,
    candidates,
  );
  if (request.follows !== undefined) refuseOvertaken(request.follows, known);
  const { self: own, cleared } = member.viewer;
  const asked = await askedAudience(context.db, tx, { ...audience, own, cleared }, known);
  const now = comparableNow(context.clock);
  const decided = decide(candidates, known, { purged, now, audience: asked });
  const decisions = widenings(candidates, decided, asked);
  abortIfRejected(request.atomic, refusals, candidates, decisions);
  const isStored =
    !request.dryRun &&
    decisions.some((one) => 'modified' in one || 'widens' in one || 'raises' in one);
  if (!isStored) return { ...held, decisions, reissues: NONE, kept: 0 };
  return { ...held, decisions, ...(await store(context, tx, request, candidates, decisions)) };
}

/** Stores what was decided, with all that follows from it. */
async function store(
  { db, clock, quotas }: AcceptContext,
  tx: Tx,
  request: KeepRequest,
  candidates: readonly Candidate[],
  decisions: readonly Decision[],
): Promise<Pick<Kept, 'reissues' | 'kept'>> {
  const { member, audience, follows, storedBefore, bill } = request;
  const maker = { organisationId: member.organisation.id, audiencesMax: quotas.audiences };
  const audienceId = await internUnion(tx, member.viewer.realmId, audience.partIds, maker);
  const versions = newVersions(candidates, decisions, audienceId);
  const quota = { now: clock.now(), max: quotas.bytesPerDay };
  // Nothing is written that cannot be charged for in the end.
  if (follows === undefined) refuseTooLarge(versions, storedBefore, quota);
  const raised = await raise(tx, decisions);
  const replaced = [...replacedVersions(decisions).values()];
  await supersede(tx, replaced);
  const share = await openShare(tx, request, { audienceId, objects: versions.length });
  const widened = await widen(tx, share, maker, decisions);
  const reissues = await save(tx, share, inLogOrder(candidates, decisions, versions, widened));
  for (const move of [...raised, ...moves(replaced, versions)]) await narrow(db, tx, share, move);
  await endShares(tx, member, revocationsAmong(member, versions));
  if (follows === undefined) bill.charge = chargeFor(versions, quota);
  return { reissues, kept: versions.length + widened.size + raised.length };
}

function refuseOvertaken(follows: Replaced, known: readonly KnownVersion[]): void {
  const { versionId, audienceId, tlp } = follows;
  const current = known.find((version) => !version.superseded && version.versionId === versionId);
  if (current?.audienceId === audienceId && current.tlp === tlp) return;
  throw new Overtaken('Another version took its place, or it goes to others now');
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
  { member, requestId }: AcceptRequest,
  { audienceId, objects }: { readonly audienceId: number; readonly objects: number },
): Promise<Share> {
  const auditId = await appendAudit(tx, {
    organisationId: member.organisation.id,
    actor: member.actor,
    action: 'objects.share',
    requestId,
    address: member.address,
    detail: { realm: member.realm.slug, audience: audienceId, objects },
  });
  return { realmId: member.viewer.realmId, organisationId: member.organisation.id, auditId };
}
