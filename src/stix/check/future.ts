/** Versions that lie in the future: STIX 2.1 section 3.6. */
import type { Finding } from './finding.ts';
import type { StixObject } from '../object.ts';
import { comparableTimestamp } from '../timestamp.ts';
import { versionOf } from '../version.ts';

/** Clocks and time zones that are wrong differ by less. */
const AHEAD_MAX_MS = 24 * 60 * 60 * 1000;

/**
 * A warning where the object's version is more than a day ahead of `now`: every correction that has
 * the present time as its `modified` is then older, and ignored. None without `now`.
 */
export function adviseOnFuture(object: StixObject, now: Date | undefined): Finding[] {
  const version = versionOf(object);
  if (version === undefined || now === undefined) return [];
  const latest = new Date(now.getTime() + AHEAD_MAX_MS).toISOString();
  if (version <= (comparableTimestamp(latest) ?? '')) return [];
  const name = object.type === 'marking-definition' ? 'created' : 'modified';
  const detail = 'is in the future: corrections with an earlier time are ignored as stale';
  const clause = 'STIX 2.1 section 3.6';
  return [{ code: 'modified_in_future', path: `$.${name}`, detail, clause }];
}
