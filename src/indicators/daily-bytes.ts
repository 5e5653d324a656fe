/** How much one organisation may store on a day: it must leave room on the disk for the others. */
import { Problem } from '../errors.ts';
import type { Member } from '../sharing/member.ts';
import type { Database } from '../store/postgres/database.ts';
import type { Charge } from '../store/access/standing.ts';
import { findBytesStored, findUsage, type Usage } from '../store/content/usage.ts';
import type { NewVersion } from '../store/content/versions.ts';

/** Roughly what the database needs beside the text: row, log, inbox and index entries. */
const VERSION_BYTES = 512;
const OBSERVABLE_BYTES = 256;
const LINK_BYTES = 256;

/** What storing a version takes of its organisation's bytes. */
function bytesOf({
  content,
  observables,
  links,
}: Pick<NewVersion, 'content' | 'observables' | 'links'>) {
  const values = observables.reduce((sum, { value }) => sum + Buffer.byteLength(value), 0);
  const rows = VERSION_BYTES + observables.length * OBSERVABLE_BYTES + links.length * LINK_BYTES;
  return Buffer.byteLength(content) + values + rows;
}

/** A moment as a day in UTC, YYYY-MM-DD. */
function dayOf(now: Date): string {
  return now.toISOString().slice(0, 10);
}

/** When the next day begins in UTC. */
function resetOf(now: Date): Date {
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() + 1));
}

/** What an organisation has of what its quotas limit, and when the count of its bytes starts again. */
export async function readUsage(
  db: Database,
  organisationId: number,
  now: Date,
): Promise<Usage & { readonly resetsAt: Date }> {
  const usage = await findUsage(db, organisationId, dayOf(now));
  return { ...usage, resetsAt: resetOf(now) };
}

/** What an organisation may store, and when. */
interface Quota {
  readonly now: Date;
  /** Bytes a day. */
  readonly max: number;
}

/**
 * Before any work is done: the bytes that the organisation has stored today. Throws Problem
 * storage_quota_exceeded where nothing more may be stored.
 */
export async function refuseOverQuota(
  db: Database,
  { organisation }: Member,
  now: Date,
  max: number,
): Promise<number> {
  const stored = await findBytesStored(db, organisation.id, dayOf(now));
  if (stored >= max) throw exceeded({ now, max }, stored);
  return stored;
}

/** Before anything is written. Throws Problem storage_quota_exceeded where it could not be charged. */
export function refuseTooLarge(
  versions: readonly NewVersion[],
  storedBefore: number,
  quota: Quota,
): void {
  const needed = bytesOfAll(versions);
  if (storedBefore + needed > quota.max) throw exceeded(quota, storedBefore, needed);
}

/** What is charged for versions in the transaction that stores them, as its last statement. */
export function chargeFor(versions: readonly NewVersion[], quota: Quota): VersionCharge {
  const { now, max } = quota;
  const bytes = bytesOfAll(versions);
  return { bytes, day: dayOf(now), max, exceeded: (stored) => exceeded(quota, stored, bytes) };
}

/** With the Problem storage_quota_exceeded for where it does not fit into what is left of the day. */
export interface VersionCharge extends Charge {
  readonly exceeded: (stored: number) => Problem;
}

function bytesOfAll(versions: readonly NewVersion[]): number {
  return versions.reduce((sum, version) => sum + bytesOf(version), 0);
}

/** `needed` bytes do not fit beside those that are stored; undefined: none do. */
function exceeded({ now, max }: Quota, stored: number, needed?: number): Problem {
  const reset = resetOf(now);
  const retryAfter = Math.max(1, Math.ceil((reset.getTime() - now.getTime()) / 1000));
  const left = Math.max(0, max - stored);
  const need = needed === undefined ? '' : `, and this takes ${needed}`;
  return new Problem(
    'storage_quota_exceeded',
    `The organisation has stored ${stored} of its ${max} bytes today: ${left} are left${need}. ` +
      `Send less, try again after ${reset.toISOString()}, or ask the operator to raise ` +
      'TOCSIN_QUOTA_BYTES_DAY.',
    {
      extra: {
        limit: max,
        used: stored,
        left,
        resets_at: reset.toISOString(),
        retry_after: retryAfter,
      },
    },
  );
}
