import type { Clock } from '../clock.ts';
import type { Member } from '../sharing/member.ts';
import { PRODUCTION } from '../sharing/realm.ts';
import type { Exercise } from '../stix/exercise.ts';
import { othersIdentities } from '../store/audiences.ts';
import { appendAudit } from '../store/audit.ts';
import type { Database } from '../store/database.ts';
import type { Tx } from '../store/transaction.ts';
import {
  ConcurrentWrite,
  findOwnVersions,
  saveVersions,
  type NewVersion,
  type Replaced,
  supersede,
  type Share,
} from '../store/versions.ts';
import type { ChosenAudience } from './audience.ts';
import { decide, type Decision, type KnownVersion } from './decide.ts';
import { endShares, lockCandidates, revocationsAmong } from './end-shares.ts';
import { examineAll, type Examined } from './examine-all.ts';
import { namesOf, type Terms } from './examine.ts';
import { narrow } from './narrow.ts';
import { holdPassings } from './pass-on.ts';
import { moves, newVersions, reissuesWithin, replacedVersions } from './plan.ts';
import { write } from './write.ts';
import { abortIfRejected, toResults, type ObjectResult } from './results.ts';

export interface AcceptContext {
  readonly db: Database;
  readonly clock: Clock;
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
  /** The one version that this follows; where another took its place meanwhile, Overtaken is thrown. */
  readonly follows?: Replaced;
}

/** What a request was to follow has been replaced, or addressed anew: begin again with what is there. */
export class Overtaken extends Error {
  override readonly name = 'Overtaken';
}

type TermsRequest = Pick<AcceptRequest, 'member' | 'tlpAtLeast'> & {
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
  const { db, clock, onAccepted } = context;
  const { member } = request;
  const terms = await termsFor(db, objects, request);
  const examined = await examineAll(objects, terms, request);
  for (let retry = 0; ; retry++) {
    try {
      const { candidates, refusals, decisions, reissues, kept } = await write(
        context,
        member,
        (tx) => keep(db, tx, request, examined, comparableNow(clock)),
        request.audience.isBound === true ? undefined : request.audience.id,
      );
      if (kept > 0) onAccepted();
      return toResults(refusals, candidates, decisions, reissues);
    } catch (error) {
      if (!(error instanceof ConcurrentWrite) || retry === RETRIES_MAX) throw error;
    }
  }
}

/** What a member may share, as far as these objects are concerned. */
export async function termsFor(
  db: Database,
  objects: readonly unknown[],
  { member, audience, tlpAtLeast = 0 }: TermsRequest,
): Promise<Omit<Terms, 'statedTlp'>> {
  const own = new Set(member.organisation.identities);
  const foreign = new Set<string>();
  for (const object of objects) {
    if (typeof object !== 'object' || object === null) continue;
    for (const name of namesOf(object)) if (!own.has(name)) foreign.add(name);
  }
  return {
    exercise: exerciseFor(member),
    defaultTlp: member.organisation.defaultTlp,
    tlpAtLeast,
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

interface Kept extends Examined {
  readonly decisions: Decision[];
  /** By the id of a re-issue, the id of what it says again. */
  readonly reissues: ReadonlyMap<string, string>;
  readonly kept: number;
}

const NONE: ReadonlyMap<string, string> = new Map();

/** Decides and keeps within one transaction. */
async function keep(
  db: Database,
  tx: Tx,
  request: AcceptRequest,
  examined: Examined,
  now: string,
): Promise<Kept> {
  const { id, namesOrganisations } = request.audience;
  const toItselfAlone = id === request.member.viewer.self;
  const terms = { member: request.member, toItselfAlone, namesOrganisations };
  await lockCandidates(tx, request.member, examined.candidates);
  const held = await holdPassings(tx, terms, examined);
  const { candidates, refusals } = held;
  if (candidates.length === 0) {
    abortIfRejected(request.atomic, refusals, [], []);
    return { ...held, decisions: [], reissues: NONE, kept: 0 };
  }
  const { member, dryRun } = request;
  const { realmId } = member.viewer;
  const { versions: known, purged } = await findOwnVersions(
    tx,
    realmId,
    member.organisation.id,
    candidates,
  );
  if (request.follows !== undefined) refuseOvertaken(request.follows, known);
  const decisions = decide(candidates, known, { purged, now });
  abortIfRejected(request.atomic, refusals, candidates, decisions);
  const versions = newVersions(candidates, decisions, request.audience.id);
  if (dryRun || versions.length === 0) return { ...held, decisions, reissues: NONE, kept: 0 };
  const replaced = replacedVersions(decisions);
  await supersede(tx, [...replaced.values()]);
  const share = await openShare(tx, request, versions.length);
  const reissues = await save(tx, share, versions);
  for (const move of moves([...replaced.values()], versions)) await narrow(db, tx, share, move);
  await endShares(tx, member, revocationsAmong(member, versions));
  return { ...held, decisions, reissues, kept: versions.length };
}

function refuseOvertaken(follows: Replaced, known: readonly KnownVersion[]): void {
  const current = known.find(({ superseded }) => !superseded);
  const { versionId, audienceId, tlp } = follows;
  const isThere = current?.versionId === versionId;
  if (isThere && current.audienceId === audienceId && current.tlp === tlp) return;
  throw new Overtaken('Another version took its place, or it goes to others now');
}

/** Saves in statements of bounded size; tells of which older id each re-issue is. */
async function save(
  tx: Tx,
  share: Share,
  versions: readonly NewVersion[],
): Promise<Map<string, string>> {
  const reissues = reissuesWithin(versions);
  for (let start = 0; start < versions.length; start += SAVE_MAX) {
    const saved = await saveVersions(tx, share, versions.slice(start, start + SAVE_MAX));
    for (const { stixId, duplicateOf } of saved) reissues.set(stixId, duplicateOf);
  }
  return reissues;
}

/** Now, as stix/timestamp compares times. */
function comparableNow(clock: Clock): string {
  return clock.now().toISOString().replace('Z', '000Z');
}

async function openShare(tx: Tx, request: AcceptRequest, objects: number): Promise<Share> {
  const { member, audience, requestId } = request;
  const auditId = await appendAudit(tx, {
    organisationId: member.organisation.id,
    actor: member.actor,
    action: 'objects.share',
    requestId,
    address: member.address,
    detail: { realm: member.realm.slug, audience: audience.id, objects },
  });
  return { realmId: member.viewer.realmId, organisationId: member.organisation.id, auditId };
}
