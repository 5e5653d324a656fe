import type { Clock } from '../clock.ts';
import type { Member } from '../sharing/member.ts';
import { othersIdentities } from '../store/audiences.ts';
import { appendAudit } from '../store/audit.ts';
import type { Database } from '../store/database.ts';
import { asViewer, type Tx } from '../store/transaction.ts';
import {
  ConcurrentWrite,
  findOwnVersions,
  saveVersions,
  supersede,
  type Share,
} from '../store/versions.ts';
import type { ChosenAudience } from './audience.ts';
import { decide, type Decision } from './decide.ts';
import { examine, isRefusal, type Candidate, type Refusal, type Terms } from './examine.ts';
import { narrow } from './narrow.ts';
import { moves, newVersions, replacedVersions } from './plan.ts';
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
  /** The place of the first object in the whole request, when it comes in parts. */
  readonly firstIndex?: number;
}

const RETRIES_MAX = 8;
/** Objects examined between two turns of the event loop. */
const SLICE = 250;
/** Rows of one statement. */
const SAVE_MAX = 2500;

/**
 * The one way in: checks objects, decides what becomes of each and keeps versions, observables,
 * inbox and audit rows in one transaction. Every object has its result, in the order given.
 * One object's failure leaves the others alone; with `atomic` it is Problem atomic_aborted, which
 * carries the results, and nothing is kept.
 */
export async function accept(
  context: AcceptContext,
  objects: readonly unknown[],
  request: AcceptRequest,
): Promise<ObjectResult[]> {
  const { db, clock, onAccepted } = context;
  const { member } = request;
  const terms = await termsFor(db, objects, request);
  const examined = await examineAll(objects, request.firstIndex ?? 0, terms);
  const candidates = examined.filter((one): one is Candidate => !isRefusal(one));
  const refusals = examined.filter(isRefusal);
  // Writing needs the organisation's own versions, whatever their marking, and nobody else's.
  const writer = { ...member.viewer, audiences: [], ceiling: 4 };
  for (let retry = 0; ; retry++) {
    try {
      const { decisions, kept } = await asViewer(db, writer, (tx) =>
        keep(db, tx, request, candidates, refusals, comparableNow(clock)),
      );
      if (kept > 0) onAccepted();
      return toResults(refusals, candidates, decisions);
    } catch (error) {
      if (!(error instanceof ConcurrentWrite) || retry === RETRIES_MAX) throw error;
    }
  }
}

async function termsFor(
  db: Database,
  objects: readonly unknown[],
  { member, audience }: AcceptRequest,
): Promise<Terms> {
  const own = new Set(member.organisation.identities);
  const foreign = new Set<string>();
  for (const object of objects) {
    if (typeof object !== 'object' || object === null) continue;
    const ref: unknown = Reflect.get(object, 'created_by_ref');
    if (typeof ref === 'string' && !own.has(ref)) foreign.add(ref);
  }
  return {
    defaultTlp: member.organisation.defaultTlp,
    shareCeiling: member.shareCeiling,
    namesOrganisations: audience.namesOrganisations,
    othersIdentities: await othersIdentities(db.server, member.organisation.id, [...foreign]),
  };
}

async function examineAll(
  objects: readonly unknown[],
  firstIndex: number,
  terms: Terms,
): Promise<(Candidate | Refusal)[]> {
  const examined: (Candidate | Refusal)[] = [];
  for (let start = 0; start < objects.length; start += SLICE) {
    if (start > 0) await new Promise((resume) => setImmediate(resume));
    for (let i = start; i < Math.min(start + SLICE, objects.length); i++) {
      examined.push(examine(objects[i], firstIndex + i, terms));
    }
  }
  return examined;
}

/** Decides and keeps within one transaction. */
async function keep(
  db: Database,
  tx: Tx,
  request: AcceptRequest,
  candidates: readonly Candidate[],
  refusals: readonly Refusal[],
  now: string,
): Promise<{ decisions: Decision[]; kept: number }> {
  if (candidates.length === 0) {
    abortIfRejected(request.atomic, refusals, [], []);
    return { decisions: [], kept: 0 };
  }
  const { member, dryRun } = request;
  const { realmId } = member.viewer;
  const known = await findOwnVersions(
    tx,
    realmId,
    member.organisation.id,
    candidates.map((candidate) => candidate.stixId),
    candidates.flatMap((candidate) => candidate.modified ?? []),
  );
  const decisions = decide(candidates, known, now);
  abortIfRejected(request.atomic, refusals, candidates, decisions);
  const versions = newVersions(candidates, decisions, request.audience.id);
  if (dryRun || versions.length === 0) return { decisions, kept: 0 };
  const replaced = replacedVersions(decisions);
  await supersede(tx, [...replaced.keys()]);
  const share = await openShare(tx, request, versions.length);
  for (let start = 0; start < versions.length; start += SAVE_MAX) {
    await saveVersions(tx, share, versions.slice(start, start + SAVE_MAX));
  }
  for (const move of moves([...replaced.values()], versions)) await narrow(db, tx, share, move);
  return { decisions, kept: versions.length };
}

/** Now, as stix/timestamp compares times. */
function comparableNow(clock: Clock): string {
  return clock.now().toISOString().replace('Z', '000Z');
}

async function openShare(tx: Tx, request: AcceptRequest, objects: number): Promise<Share> {
  const { member, audience, requestId } = request;
  const auditId = await appendAudit(tx, {
    organisationId: member.organisation.id,
    actor: `key ${member.keyId}`,
    action: 'objects.share',
    requestId,
    detail: { audience: audience.id, objects },
  });
  return { realmId: member.viewer.realmId, organisationId: member.organisation.id, auditId };
}
