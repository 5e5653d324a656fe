/** Which objects list the values that somebody asks about, and what is known of them. */
import { inSlices } from '../concurrency/slices.ts';
import type { Member } from '../sharing/member.ts';
import {
  addressOf,
  candidatesOf,
  isTooWide,
  networkOf,
  type Candidate,
  type MatchOptions,
} from '../stix/lookup/candidates.ts';
import {
  compareMatches,
  toResult,
  type LookupResult,
  type Matched,
} from '../stix/lookup/results.ts';
import {
  understand,
  type AskedValue,
  type LookupFault,
  type Understood,
} from '../stix/lookup/understand.ts';
import { ROLES } from '../stix/pattern/observables.ts';
import { valueKey } from '../stix/value/key.ts';
import {
  findByKeys,
  findNetworksAround,
  findHashes,
  findWithin,
  type Match,
} from '../store/content/lookup.ts';
import { findListedObjects, type Listed } from '../store/content/listed-objects.ts';
import type { Database } from '../store/postgres/database.ts';
import { asViewer, withinTime, type Tx } from '../store/postgres/transaction.ts';
import { metered } from './metered.ts';

/** Values that are looked up in one transaction. */
export const LOOKUP_PART = 1000;
/** Hits of one value; fewer where many values are asked together. */
const HITS_MAX = 100;
const HITS_OF_MANY_MAX = 20;
const FEW_VALUES = 100;
const TIME_LIMIT_MS = 5000;
/** What the objects that are hits of a request come to, with one more. */
export const LOOKUP_BYTES = 1024 * 1024;
export const LOOKUP_PART_BYTES = 4 * 1024 * 1024;

export interface LookupInput {
  /** At most LOOKUP_PART. */
  readonly values: readonly AskedValue[];
  readonly options: MatchOptions;
  readonly now: Date;
}

/** What a member sees of the objects that list each value, in the order of the values. */
export const lookUp = metered<LookupInput, LookupResult[]>('lookup', find, (results) => ({
  objects: results.reduce((sum, { hits }) => sum + hits.length, 0),
}));

/** A value, and what would match it. */
interface Question {
  readonly asked: AskedValue;
  readonly understood: Understood | LookupFault;
  readonly candidates: readonly (Candidate & { readonly key: string })[];
  readonly address: string | undefined;
  readonly network: string | undefined;
  /** By version, its strongest match. */
  readonly found: Map<string, Matched>;
  more: boolean;
}

async function find(
  db: Database,
  { viewer }: Member,
  { values, options, now }: LookupInput,
): Promise<LookupResult[]> {
  const source = String(viewer.organisationId);
  const questions = await inSlices(source, asking(values, options));
  const areMany = values.length > FEW_VALUES;
  const limit = areMany ? HITS_OF_MANY_MAX : HITS_MAX;
  const listed = await asViewer(db, viewer, (tx) =>
    withinTime(tx, TIME_LIMIT_MS, async () => {
      await findMatches(tx, viewer.realmId, { questions, options, limit });
      const versions = new Set(questions.flatMap(({ found }) => [...found.keys()]));
      const bytesMax = areMany ? LOOKUP_PART_BYTES : LOOKUP_BYTES;
      return findListedObjects(tx, viewer.realmId, [...versions], bytesMax);
    }),
  );
  return inSlices(source, answering(questions, { listed, limit, now, options }));
}

function* asking(
  values: readonly AskedValue[],
  options: MatchOptions,
): Generator<undefined, Question[]> {
  const questions: Question[] = [];
  for (const asked of values) {
    questions.push(questionOf(asked, options));
    yield undefined;
  }
  return questions;
}

function questionOf(asked: AskedValue, options: MatchOptions): Question {
  const understood = understand(asked);
  const found = new Map<string, Matched>();
  if ('code' in understood) {
    const nothing = { address: undefined, network: undefined, more: false };
    return { asked, understood, candidates: [], found, ...nothing };
  }
  const { modes } = options;
  return {
    asked,
    understood,
    candidates: candidatesOf(understood, options).map((candidate) => ({
      ...candidate,
      key: valueKey(candidate.kind, candidate.value),
    })),
    address: modes.has('network') ? addressOf(understood) : undefined,
    network: modes.has('address') ? networkOf(understood) : undefined,
    found,
    more: false,
  };
}

interface Search {
  readonly questions: readonly Question[];
  readonly options: MatchOptions;
  /** Matches of one key or network. */
  readonly limit: number;
}

/** Looks up everything, each key and network once, and gives each question its matches. */
async function findMatches(tx: Tx, realmId: number, search: Search): Promise<void> {
  const { questions, options, limit } = search;
  const byKey = Map.groupBy(
    questions.flatMap((question) =>
      question.candidates.map((candidate) => ({ question, candidate })),
    ),
    ({ candidate }) => candidate.key,
  );
  const keys = [...byKey.keys()];
  const exact = await findByKeys(tx, realmId, keys, limit + 1);
  hear([...byKey.values()], exact, limit, ({ question, candidate }, match) => {
    if (options.modes.has(candidate.mode)) add(question, match, candidate);
  });
  const askedBy = (of: (question: Question) => string | undefined) => {
    const asking = questions.filter((question) => of(question) !== undefined);
    return Map.groupBy(asking, (question) => of(question) ?? '');
  };
  const around = askedBy(({ address }) => address);
  const networks = await findNetworksAround(tx, realmId, [...around.keys()], limit + 1);
  hear([...around.values()], networks, limit, (question, match) =>
    add(question, match, { mode: 'network' }),
  );
  const within = askedBy(({ network }) => network);
  const addresses = await findWithin(tx, realmId, [...within.keys()], limit + 1);
  hear([...within.values()], addresses, limit, (question, match) =>
    add(question, match, { mode: 'address' }),
  );
  if (options.modes.has('hash')) await findByOtherHashes(tx, realmId, search, { byKey, exact });
}

type Asking = { readonly question: Question; readonly candidate: Candidate };

/** The objects that list another hash of the files whose hashes were asked. */
async function findByOtherHashes(
  tx: Tx,
  realmId: number,
  { limit }: Search,
  { byKey, exact }: { byKey: ReadonlyMap<string, Asking[]>; exact: readonly Match[] },
): Promise<void> {
  const asking = [...byKey];
  const files = exact.flatMap(({ place, versionId, file }) => {
    const [key, askers = []] = asking[place - 1] ?? [];
    const own = askers.filter(({ candidate }) => candidate.mode === 'exact');
    return file === null || own.length === 0 ? [] : [{ versionId, file, own, key }];
  });
  const others = await findHashes(tx, files);
  const byHash = Map.groupBy(
    others.flatMap(({ place, key }) => {
      const { own = [], key: itself } = files[place - 1] ?? {};
      return key === itself ? [] : own.map(({ question }) => ({ key, question }));
    }),
    ({ key }) => key,
  );
  const unasked = [...byHash].filter(([key]) => !byKey.has(key) || asksOthers(byHash, byKey, key));
  const matches = await findByKeys(
    tx,
    realmId,
    unasked.map(([key]) => key),
    limit + 1,
  );
  const groups = unasked.map(([, group]) => group);
  hear(groups, matches, limit, ({ question }, match) => add(question, match, { mode: 'hash' }));
}

/** Whether a hash is another one's for some question that did not ask for it itself. */
function asksOthers(
  byHash: ReadonlyMap<string, readonly { readonly question: Question }[]>,
  byKey: ReadonlyMap<string, readonly Asking[]>,
  key: string,
): boolean {
  const own = new Set((byKey.get(key) ?? []).map(({ question }) => question));
  return (byHash.get(key) ?? []).some(({ question }) => !own.has(question));
}

/** Tells who asked of the matches of each place; of one more than `limit`, only that there are more. */
function hear<T extends Question | { readonly question: Question }>(
  groups: readonly (readonly T[])[],
  matches: readonly Match[],
  limit: number,
  tell: (asking: T, match: Match) => void,
): void {
  for (const [place, found] of Map.groupBy(matches, (match) => match.place)) {
    for (const asking of groups[place - 1] ?? []) {
      for (const match of found.slice(0, limit)) tell(asking, match);
      if (found.length > limit) questionIn(asking).more = true;
    }
  }
}

function questionIn(asking: Question | { readonly question: Question }): Question {
  return 'question' in asking ? asking.question : asking;
}

function add(question: Question, match: Match, how: Pick<Matched, 'mode' | 'by'>): void {
  const { versionId, role, kind, value } = match;
  const matched: Matched = {
    mode: how.mode,
    ...(how.by !== undefined && { by: how.by }),
    role: ROLES[role] ?? 'part',
    kind,
    value,
  };
  const before = question.found.get(versionId);
  if (before === undefined || compareMatches(matched, before) < 0) {
    question.found.set(versionId, matched);
  }
}

interface Answering {
  readonly listed: ReadonlyMap<string, Listed>;
  readonly limit: number;
  readonly now: Date;
  readonly options: MatchOptions;
}

function* answering(
  questions: readonly Question[],
  { listed, limit, now, options }: Answering,
): Generator<undefined, LookupResult[]> {
  const results: LookupResult[] = [];
  for (const question of questions) {
    const { asked, understood, found, more } = question;
    const { objects, isCut } = objectsOf(found, listed);
    const isWide = !('code' in understood) && options.modes.has('address') && isTooWide(understood);
    const skipped = isWide ? (['address'] as const) : [];
    const answered = {
      asked,
      understood,
      found: objects,
      hitsMax: limit,
      more: more || isCut,
      skipped,
    };
    results.push(toResult(answered, now));
    yield undefined;
  }
  return results;
}

/** Each object once: of its versions that match, the strongest match and the newest version. */
function objectsOf(
  found: ReadonlyMap<string, Matched>,
  listed: ReadonlyMap<string, Listed>,
): { objects: (readonly [Matched, Listed])[]; isCut: boolean } {
  const objects = new Map<string, readonly [Matched, Listed]>();
  let isCut = false;
  for (const [versionId, matched] of found) {
    const object = listed.get(versionId);
    if (object === undefined) {
      isCut = true;
      continue;
    }
    const [match = matched, newest = object] = objects.get(object.stixId) ?? [];
    objects.set(object.stixId, [
      compareMatches(matched, match) < 0 ? matched : match,
      isNewer(object, newest) ? object : newest,
    ]);
  }
  return { objects: [...objects.values()], isCut };
}

/** Of several sharers' same version, the strictest counts. */
function isNewer(one: Listed, other: Listed): boolean {
  const later = one.modified.getTime() - other.modified.getTime();
  return later === 0 ? one.tlp > other.tlp : later > 0;
}
