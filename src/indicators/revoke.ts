import { Problem } from '../errors.ts';
import type { Member } from '../sharing/member.ts';
import { parseJson } from '../stix/json/read.ts';
import type { StixObject } from '../stix/object.ts';
import { versionOf } from '../stix/version.ts';
import { lockCurrent, type CurrentVersion } from '../store/content/narrowing.ts';
import { accept, Overtaken, type AcceptContext } from './accept.ts';
import { write } from './write.ts';
import type { ObjectResult } from './results.ts';

export interface Revocation {
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
export async function revoke(context: AcceptContext, wish: Revocation): Promise<ObjectResult> {
  for (let retry = 0; ; retry++) {
    const current = await findCurrent(context, wish);
    try {
      return await revokeCurrent(context, wish, current);
    } catch (error) {
      if (!(error instanceof Overtaken) || retry === RETRIES_MAX) throw error;
    }
  }
}

async function revokeCurrent(
  context: AcceptContext,
  { member, stixId, requestId }: Revocation,
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
  const [result] = await accept(context, [{ ...object, modified, revoked: true }], {
    member: markedAs(member, current.tlp),
    // It goes where the object went, whatever may be shared there now, and is marked no lower.
    audience: { partIds: [current.audienceId], namesOrganisations: true, isBound: true },
    tlpAtLeast: current.tlp,
    follows: current,
    atomic: false,
    dryRun: false,
    requestId,
  });
  if (result === undefined) throw new Error('A revocation was left without its result');
  if (result.outcome === 'rejected') throw rejection(result);
  return result;
}

function rejection({ code, path, detail = '' }: ObjectResult): Problem {
  const extra = code === undefined ? {} : { reason: code };
  return new Problem('revocation_impossible', detail, path ? { path, extra } : { extra });
}

/** The member as one whose unmarked objects are of the level that this one has come to have. */
function markedAs(member: Member, tlp: number): Member {
  return {
    ...member,
    shareCeiling: Math.max(member.shareCeiling, tlp),
    organisation: { ...member.organisation, defaultTlp: tlp },
  };
}

async function findCurrent(
  context: AcceptContext,
  { member, stixId }: Revocation,
): Promise<CurrentVersion> {
  const { viewer } = member;
  const [current] = await write(context, member, (tx) => lockCurrent(tx, viewer, stixId));
  if (current === undefined) {
    throw new Problem('not_found', 'Your organisation shares no such object');
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
