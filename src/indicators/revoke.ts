import { Problem } from '../errors.ts';
import type { Member } from '../sharing/member.ts';
import { describe, isFault } from '../stix/describe.ts';
import { parseJson } from '../stix/json/read.ts';
import { tlpRank } from '../stix/marking/tlp.ts';
import type { StixObject } from '../stix/object.ts';
import { versionOf } from '../stix/version.ts';
import { lockCurrent, type CurrentVersion } from '../store/content/narrowing.ts';
import type { SharingContext } from './context.ts';
import { toCandidate, type Candidate } from './examine.ts';
import { learnMarkings } from './markings.ts';
import type { ObjectResult } from './results.ts';
import { Overtaken, share } from './share.ts';
import { exerciseOf, foreignNames } from './terms.ts';
import { write } from './write.ts';

export interface RevokeInput {
  readonly member: Member;
  readonly stixId: string;
  readonly requestId?: string | undefined;
}

const RETRIES_MAX = 8;

/**
 * Revokes an object that a member shares: a new version of it, the same but for `revoked` and
 * `modified` (STIX 2.1 §3.6), for those who see it. It ends the object's life. What is TLP:RED does
 * not exist for a member without clearance, as when it reads.
 * Throws Problem not_found, realm_closed, or revocation_impossible for an object that has no versions,
 * is revoked already, or has a `modified` after which there is none.
 */
export async function revoke(context: SharingContext, input: RevokeInput): Promise<ObjectResult> {
  for (let retry = 0; ; retry++) {
    const current = await findCurrent(context, input);
    try {
      return await revokeCurrent(context, input, current);
    } catch (error) {
      if (!(error instanceof Overtaken) || retry === RETRIES_MAX) throw error;
    }
  }
}

async function revokeCurrent(
  context: SharingContext,
  { member, stixId, requestId }: RevokeInput,
  current: CurrentVersion,
): Promise<ObjectResult> {
  const object = parseJson(current.content) as StixObject;
  const version = 'modified' in object ? versionOf(object) : undefined;
  if (version === undefined) {
    throw new Problem('revocation_impossible', `${stixId} has no versions that could be revoked`);
  }
  const modified = laterThan(version, context.clock.now());
  if (modified === undefined) {
    const detail = `\`modified\` of ${stixId} is the last possible time. Purge the object instead`;
    throw new Problem('revocation_impossible', detail, { path: '$.modified' });
  }
  const successor = { ...object, modified, revoked: true };
  const candidate = await candidateFor(context, member, successor, current);
  const [result] = await share(
    context,
    { candidates: [candidate], rejections: [] },
    { member, to: { follows: current }, atomic: false, dryRun: false, requestId },
  );
  if (result === undefined) throw new Error('A revocation was left without its result');
  if (result.outcome === 'rejected') throw impossible(result);
  return result;
}

function impossible({
  code,
  path,
  detail = '',
}: Pick<ObjectResult, 'code' | 'path' | 'detail'>): Problem {
  const extra = code === undefined ? {} : { reason: code };
  return new Problem('revocation_impossible', detail, path ? { path, extra } : { extra });
}

/**
 * The last version of an object: at the level that the object has come to have, or at the one that its
 * markings state where they are known by now. Its size is not asked: a revocation always fits.
 */
async function candidateFor(
  { db, clock }: SharingContext,
  member: Member,
  successor: StixObject,
  current: CurrentVersion,
): Promise<Candidate> {
  const described = describe(successor, {
    meanings: await learnMarkings(db, member.viewer, [successor]),
    exercise: exerciseOf(member),
    charactersMax: Number.POSITIVE_INFINITY,
    now: clock.now(),
  });
  if (isFault(described)) throw impossible(described);
  const { level, names } = described;
  const others = await foreignNames(db, member, [successor]);
  return toCandidate(described, {
    index: 0,
    tlp: level === undefined ? current.tlp : Math.max(current.tlp, tlpRank(level)),
    inNameOf: names.find((name) => others.has(name)) ?? null,
  });
}

async function findCurrent(
  context: SharingContext,
  { member, stixId }: RevokeInput,
): Promise<CurrentVersion> {
  const { viewer } = member;
  const [current] = await write(context, member, (tx) => lockCurrent(tx, viewer, stixId));
  if (current === undefined) {
    throw new Problem('not_found', 'Your organisation does not share this object');
  }
  return current;
}

/** 9999-12-31T23:59:59.999Z, the last millisecond that STIX can write. */
const LAST_MS = 253_402_300_799_999;

/**
 * Now, or a millisecond after what is there where a clock runs behind; in the last millisecond, a
 * microsecond after it.
 * @returns undefined when there is no later time
 */
function laterThan(comparable: string, now: Date): string | undefined {
  const least = Date.parse(`${comparable.slice(0, 23)}Z`) + 1;
  if (least <= LAST_MS) return new Date(Math.max(least, now.getTime())).toISOString();
  const microseconds = Number(comparable.slice(23, 26)) + 1;
  if (microseconds > 999) return undefined;
  return `${comparable.slice(0, 23)}${String(microseconds).padStart(3, '0')}Z`;
}
