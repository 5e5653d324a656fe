/** The values of a range of keys: look-up by somebody who does not say which value it is about. */
import type { Member } from '../sharing/member.ts';
import { Problem } from '../errors.ts';
import { stateOf, verdictOf, type Verdict, type Weighed } from '../stix/lookup/verdict.ts';
import { ROLES } from '../stix/pattern/observables.ts';
import { estimateObservables, findInRange, type ValueInRange } from '../store/content/lookup.ts';
import type { Database } from '../store/postgres/database.ts';
import { asViewer, withinTime, type Tx } from '../store/postgres/transaction.ts';
import { metered } from './metered.ts';

interface RangeInput {
  /** 1 to 8 hexadecimal digits. */
  readonly prefix: string;
  readonly now: Date;
}

interface RangeEntry {
  /** 32 hexadecimal digits. */
  readonly key: string;
  readonly verdict: Verdict;
  readonly lastShared: Date;
}

interface Range {
  /** The prefix of all entries: shorter than what was asked, where that has too few. */
  readonly prefix: string;
  /** Of how many digits a prefix may be to have about ENTRIES_MIN entries at least. */
  readonly digits: number;
  readonly entries: readonly RangeEntry[];
}

/** A caller is hidden among so many values that it may have meant. */
const ENTRIES_MIN = 64;
/** Observables of one answer. */
const ROWS_MAX = 8192;
/** Observables, visible or not, that are looked through for one answer. */
const LOOKED_THROUGH_MAX = 65_536;
const KEY_DIGITS = 32;
const BASE = 16;
const TIME_LIMIT_MS = 5000;

/**
 * The values that a member sees whose keys begin with a prefix; where those are fewer than ENTRIES_MIN, with
 * a shorter one. Throws Problem invalid_request where they are too many.
 */
export const readRange = metered<RangeInput, Range>('lookup', find, ({ entries }) => ({
  objects: entries.length,
}));

async function find(db: Database, { viewer }: Member, { prefix, now }: RangeInput): Promise<Range> {
  return asViewer(db, viewer, (tx) =>
    withinTime(tx, TIME_LIMIT_MS, async () => {
      const all = await estimateObservables(tx);
      const digitsMin = Math.max(0, Math.ceil(log16(all / LOOKED_THROUGH_MAX)));
      let found = await entriesOf(tx, viewer.realmId, prefix, now);
      while (found.entries.length < ENTRIES_MIN && found.prefix.length > digitsMin) {
        found = await entriesOf(tx, viewer.realmId, found.prefix.slice(0, -1), now);
      }
      const visible = found.entries.length * BASE ** found.prefix.length;
      return { ...found, digits: Math.max(1, Math.floor(log16(visible / ENTRIES_MIN))) };
    }),
  );
}

function log16(number: number): number {
  return Math.log2(Math.max(number, 1)) / Math.log2(BASE);
}

async function entriesOf(
  tx: Tx,
  realmId: number,
  prefix: string,
  now: Date,
): Promise<Pick<Range, 'prefix' | 'entries'>> {
  const rows = await findInRange(tx, realmId, {
    from: prefix.padEnd(KEY_DIGITS, '0'),
    to: prefix.padEnd(KEY_DIGITS, 'f'),
    limit: ROWS_MAX + 1,
  });
  if (rows.length > ROWS_MAX) {
    const detail = `More than ${ROWS_MAX} values begin with this prefix. Use a longer one`;
    throw new Problem('invalid_request', detail, { path: 'params.prefix' });
  }
  const entries = [...Map.groupBy(rows, ({ key }) => key)].map(([key, alike]) => ({
    key,
    verdict: verdictOf(alike.map((row) => weigh(row, now))),
    lastShared: alike.map(({ sharedAt }) => sharedAt).reduce((a, b) => (a > b ? a : b)),
  }));
  return { prefix, entries };
}

function weigh(row: ValueInRange, now: Date): Weighed {
  const types: unknown = JSON.parse(row.indicatorTypes ?? '[]');
  return {
    mode: 'exact',
    role: ROLES[row.role] ?? 'part',
    state: stateOf(row, now),
    isIndicator: row.type === 'indicator',
    indicatorTypes: Array.isArray(types) ? types.filter((type) => typeof type === 'string') : [],
  };
}
