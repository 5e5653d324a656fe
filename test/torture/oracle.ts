/**
 * The checker: from what was posted, what is stored and what arrived, says what was lost, skipped,
 * leaked or half done. It is written from the rules of sharing alone. Pure.
 */
import { KEY_RANK_MAX } from './alliance.ts';
import type { Batch, Ledger, Posted, Reader } from './ledger.ts';

export interface Verdict {
  /** Versions that were answered as taken. */
  readonly accepted: number;
  /** Pairs of a version and an endpoint at which it arrived. */
  readonly delivered: number;
  /** Versions delivered again under another webhook-id. */
  readonly duplicates: number;
  /** Each finding in words; their number is what counts. */
  readonly lost: readonly string[];
  readonly skipped: readonly string[];
  readonly leaked: readonly string[];
  readonly halfDone: readonly string[];
}

interface Findings {
  lost: string[];
  skipped: string[];
  leaked: string[];
}

/** The versions of one object that are in, oldest first. */
type History = readonly Posted[];

/** Judges a ledger; `stored` are the keys of the versions that the database holds. */
export function judge(ledger: Ledger, stored: ReadonlySet<string>): Verdict {
  const findings: Findings = { lost: [], skipped: [], leaked: [] };
  const histories = historiesOf(ledger, stored);
  const accepted = [...ledger.posted.values()].filter(({ fate }) => fate === 'accepted');
  for (const { key } of accepted) {
    if (!stored.has(key)) findings.lost.push(`${key}: answered as taken, not stored`);
  }
  const byReader = Map.groupBy(ledger.batches, ({ reader }) => reader);
  let delivered = 0;
  let duplicates = 0;
  for (const reader of ledger.readers.values()) {
    const batches = byReader.get(reader.name) ?? [];
    findLeaks(ledger, histories, reader, batches, findings);
    const first = findDisorder(ledger, histories, reader, batches, findings);
    findMissing(histories, reader, first.arrived, first.held, findings);
    if (reader.door !== 'webhook') continue;
    delivered += first.arrived.size;
    duplicates += first.repeated;
  }
  const halfDone = [...ledger.halfDone, ...halfStored(ledger, stored)];
  return { accepted: accepted.length, delivered, duplicates, ...findings, halfDone };
}

function historiesOf(ledger: Ledger, stored: ReadonlySet<string>): Map<string, History> {
  const present = [...ledger.posted.values()].filter(
    ({ fate, key }) => fate === 'accepted' || (fate === 'unknown' && stored.has(key)),
  );
  const grouped = Map.groupBy(present, ({ stixId }) => stixId);
  for (const versions of grouped.values()) {
    versions.sort((a, b) => (a.modified < b.modified ? -1 : 1));
  }
  return grouped;
}

/** What was not answered is in whole or not at all; what was refused is not in. */
function halfStored(ledger: Ledger, stored: ReadonlySet<string>): string[] {
  const found: string[] = [];
  const requests = Map.groupBy(ledger.posted.values(), ({ request }) => request);
  for (const [request, versions] of requests) {
    const refused = versions.find(({ fate, key }) => fate === 'refused' && stored.has(key));
    if (refused !== undefined) found.push(`${refused.key}: refused, and stored`);
    const unknown = versions.filter(({ fate }) => fate === 'unknown');
    const inside = unknown.filter(({ key }) => stored.has(key)).length;
    if (inside === 0 || inside === unknown.length) continue;
    found.push(`request ${request}: ${inside} of ${unknown.length} objects are in`);
  }
  return found;
}

function findLeaks(
  ledger: Ledger,
  histories: Map<string, History>,
  { name, organisation, holdMs }: Reader,
  batches: readonly Batch[],
  { leaked }: Findings,
): void {
  for (const batch of batches) {
    for (const seen of batch.seen) {
      const history = histories.get(seen.stixId) ?? [];
      if (seen.kind === 'withdraw') {
        const known = history.some(({ reach }) => reach.has(organisation));
        if (!known) leaked.push(`${name}: withdrawal of ${seen.stixId}, which it never saw`);
        continue;
      }
      const version = ledger.posted.get(seen.key);
      const place = version === undefined ? -1 : history.indexOf(version);
      if (version === undefined || place < 0) {
        leaked.push(`${name}: ${seen.key}, which was never shared`);
      } else if (!version.reach.has(organisation) || version.rank > KEY_RANK_MAX) {
        leaked.push(`${name}: ${seen.key}, which was not for it`);
      } else if (cameLate(ledger, history.slice(place + 1), organisation, batch.beganMs, holdMs)) {
        leaked.push(`${name}: ${seen.key}, after it was withdrawn from it; ${tell(history)}`);
      }
    }
  }
}

/** Whether a narrowing had been answered so long before that nothing excuses the arrival. */
function cameLate(
  { pauses }: Ledger,
  later: History,
  organisation: string,
  beganMs: number,
  holdMs: number,
): boolean {
  return later.filter(wasCurrent).some(({ reach, answeredMs }) => {
    if (reach.has(organisation) || answeredMs === undefined) return false;
    const held = holdMs === 0 ? 0 : pausedBetween(pauses, answeredMs, beganMs);
    return beganMs - answeredMs > holdMs + held;
  });
}

function pausedBetween(pauses: Ledger['pauses'], fromMs: number, toMs: number): number {
  return pauses.reduce(
    (sum, pause) => sum + Math.max(0, Math.min(pause.toMs, toMs) - Math.max(pause.fromMs, fromMs)),
    0,
  );
}

/**
 * The order of what a reader took. Anything may come again, since delivery is at least once; what
 * comes for the first time must not be older than what the reader has of the object.
 */
function findDisorder(
  { posted }: Ledger,
  histories: Map<string, History>,
  reader: Reader,
  batches: readonly Batch[],
  { skipped }: Findings,
): { arrived: Set<string>; held: Map<string, boolean>; repeated: number } {
  const arrived = new Map<string, string>();
  const newest = new Map<string, string>();
  const held = new Map<string, boolean>();
  let repeated = 0;
  for (const { taken, id, seen } of batches) {
    if (!taken) continue;
    for (const one of seen) {
      held.set(one.stixId, one.kind === 'put');
      const version = one.kind === 'put' ? posted.get(one.key) : undefined;
      if (version === undefined) continue;
      const before = arrived.get(version.key);
      if (before !== undefined) {
        if (before !== id) repeated++;
        continue;
      }
      arrived.set(version.key, id);
      if ((newest.get(version.stixId) ?? '') > version.modified) {
        const history = tell(histories.get(version.stixId) ?? []);
        skipped.push(`${reader.name}: ${version.key} came after a newer version; ${history}`);
      }
      newest.set(version.stixId, version.modified);
    }
  }
  return { arrived: new Set(arrived.keys()), held, repeated };
}

function findMissing(
  histories: Map<string, History>,
  reader: Reader,
  arrived: ReadonlySet<string>,
  held: ReadonlyMap<string, boolean>,
  findings: Findings,
): void {
  const { name, organisation, types } = reader;
  const missing = reader.door === 'webhook' ? findings.lost : findings.skipped;
  for (const [stixId, history] of histories) {
    if (types !== undefined && !types.includes(stixId.split('--')[0] ?? '')) continue;
    for (const [place, { key }] of history.entries()) {
      if (arrived.has(key) || !mustArrive(history.slice(place), organisation)) continue;
      missing.push(`${name}: ${key} never came; ${tell(history)}`);
    }
    const wrong = wronglyHeld(history.at(-1), organisation, held.get(stixId));
    if (wrong !== undefined) missing.push(`${name}: ${stixId} ${wrong}; ${tell(history)}`);
  }
}

/** What is wrong with a reader's having an object in the end, or not having it any more. */
function wronglyHeld(
  current: Posted | undefined,
  organisation: string,
  holds: boolean | undefined,
): string | undefined {
  if (current === undefined || holds === undefined) return undefined;
  if (holds && !current.reach.has(organisation)) return 'was never withdrawn';
  return !holds && isFor(current, organisation) ? 'was withdrawn, and is for it' : undefined;
}

/**
 * Whether the first of these versions must come to a member that reads at any time: it and every
 * later one reach the member. Where audiences neither contain one another, the server may keep an
 * older version from those who see the current one, since it never shows it to more than before.
 */
function mustArrive(versions: History, organisation: string): boolean {
  const [first, ...later] = versions;
  if (first === undefined || !isFor(first, organisation)) return false;
  let { reach } = first;
  if (!later.every((version) => isFor(version, organisation))) return false;
  for (const version of later.filter(wasCurrent)) {
    if (!reach.isSubsetOf(version.reach) && !version.reach.isSubsetOf(reach)) return false;
    reach = reach.intersection(version.reach);
  }
  return true;
}

/** A version that its own request followed up with another was never the current one. */
function wasCurrent({ request }: Posted, place: number, history: History): boolean {
  return history[place + 1]?.request !== request;
}

function isFor({ reach, rank }: Posted, organisation: string): boolean {
  return reach.has(organisation) && rank <= KEY_RANK_MAX;
}

/** The versions of an object in short, to examine a finding. */
function tell(history: History): string {
  return history
    .map(
      ({ modified, rank, reach, fate }) =>
        `${modified.slice(17, 19)} tlp ${rank} to ${[...reach].join('+')} ${fate}`,
    )
    .join(', ');
}
