/**
 * Look-up compared with a plain evaluation of every indicator, one after another, written from the definitions
 * of the ways of matching and from none of the server's code.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { LookupResult } from '../../src/stix/lookup/results.ts';
import { anActor, type Actor } from '../support/actors.ts';
import { indicator } from '../support/builders.ts';
import { startTocsin, type Tocsin } from '../support/tocsin.ts';
import { createRandom } from '../torture/random.ts';

const INDICATORS = 400;
const VALUES = 600;
const MODES = ['exact', 'hash', 'host', 'network', 'parent_domain', 'address'] as const;
type Mode = (typeof MODES)[number];

interface Condition {
  readonly kind: 'ip' | 'net' | 'domain' | 'wild' | 'url' | 'md5' | 'sha256';
  readonly value: string;
}

interface Listed {
  readonly id: string;
  readonly conditions: readonly Condition[];
  readonly joined: 'AND' | 'OR';
  readonly isHidden: boolean;
}

type Asked = Condition | { readonly kind: 'email'; readonly value: string };

interface Options {
  readonly modes: readonly Mode[];
  readonly subdomains: boolean;
}

// The model ------------------------------------------------------------------------------------

const numberOf = (ip: string): number =>
  ip.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);

function rangeOf(net: string): [from: number, to: number] {
  const [ip = '', length = '32'] = net.split('/');
  const size = 2 ** (32 - Number(length));
  return [numberOf(ip), numberOf(ip) + size - 1];
}

const contains = (outer: string, inner: string): boolean => {
  const [from, to] = rangeOf(outer);
  const [first, last] = rangeOf(inner);
  return outer !== inner && from <= first && last <= to;
};

const hostOf = (url: string): string => url.split('/')[2] ?? '';
const isIp = (text: string): boolean => /^[0-9.]+$/.test(text);

/** Whether a URL begins with another one, up to the end of a step of its path. */
function isPrefix(prefix: string, url: string): boolean {
  const path = url.split('?')[0] ?? '';
  if (prefix === url || !path.startsWith(prefix)) return false;
  return path === prefix || prefix.endsWith('/') || path[prefix.length] === '/';
}

/** The name or address that a value is about: of a URL its host, of a mail address its domain. */
function hostIn({ kind, value }: Asked): string | undefined {
  if (kind === 'url') return hostOf(value);
  return kind === 'email' ? value.split('@')[1] : undefined;
}

type Way = (asked: Asked, condition: Condition, options: Options) => boolean;

/** When a condition lists a value, by the way of matching; hashes beside it are another matter. */
const WAYS: Record<Exclude<Mode, 'hash'>, Way> = {
  exact: (asked, { kind, value }) =>
    asked.kind === kind && asked.value === value && kind !== 'wild',
  host: (asked, { kind, value }) =>
    ((kind === 'domain' || kind === 'ip') && hostIn(asked) === value) ||
    (asked.kind === 'url' && kind === 'url' && isPrefix(value, asked.value)),
  network: (asked, { kind, value }) => {
    const address = asked.kind === 'ip' || asked.kind === 'net' ? asked.value : hostIn(asked);
    return kind === 'net' && isIp(address?.split('/')[0] ?? 'x') && contains(value, address ?? '');
  },
  address: (asked, { kind, value }) =>
    asked.kind === 'net' && (kind === 'ip' || kind === 'net') && contains(asked.value, value),
  parent_domain: (asked, { kind, value }, { subdomains }) => {
    const name = asked.kind === 'domain' ? asked.value : hostIn(asked);
    const counts = kind === 'wild' || (kind === 'domain' && subdomains);
    return counts && name?.endsWith(`.${value}`) === true;
  },
};

/** In which ways a condition lists a value. */
function waysOf(asked: Asked, condition: Condition, options: Options): Mode[] {
  return MODES.filter((mode) => mode !== 'hash' && WAYS[mode](asked, condition, options));
}

/** The hashes that stand beside a hash, each alone for its algorithm, in one pattern. */
function hashesBeside(hash: string, listed: readonly Listed[]): Set<string> {
  const beside = new Set<string>();
  for (const { conditions } of listed) {
    const hashes = conditions.filter(({ kind }) => kind === 'md5' || kind === 'sha256');
    if (hashes.length !== 2 || hashes[0]?.kind === hashes[1]?.kind) continue;
    if (!hashes.some(({ value }) => value === hash)) continue;
    for (const { value } of hashes) if (value !== hash) beside.add(value);
  }
  return beside;
}

/** By the id of each indicator that matches, the strongest way of those that count. */
function evaluate(asked: Asked, listed: readonly Listed[], options: Options): Record<string, Mode> {
  const beside = hashesBeside(asked.value, listed);
  const found: Record<string, Mode> = {};
  for (const { id, conditions } of listed) {
    const ways = conditions.flatMap((condition) => [
      ...waysOf(asked, condition, options),
      ...(beside.has(condition.value) ? (['hash'] as const) : []),
    ]);
    const best = MODES.find((mode) => options.modes.includes(mode) && ways.includes(mode));
    // Hashes of other algorithms are known by an exact match alone.
    if (best !== undefined) found[id] = best;
  }
  return found;
}

// Random indicators and values -----------------------------------------------------------------

const random = createRandom(14);
const below = (count: number): number => random.between(0, count - 1);
const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
const LABELS = ['a', 'b', 'c'];
const ROOTS = ['one.example', 'two.example', 'three.co.uk'];
const domain = (): string =>
  [...Array.from({ length: below(4) }, () => pick(LABELS)), pick(ROOTS)].join('.');
const ip = (): string => `198.51.100.${below(64)}`;
function net(): string {
  const length = pick([26, 27, 28, 30, 24]);
  const size = 2 ** (32 - length);
  const last = below(64);
  return `198.51.100.${last - (last % size)}/${length}`;
}
const url = (): string => {
  const host = below(4) === 0 ? ip() : domain();
  const path = Array.from({ length: below(4) }, () => pick(LABELS)).join('/');
  return `http://${host}/${path}${pick(['', '', '/', '?q=1'])}`.replace(/([^:])\/\//, '$1/');
};
const hash = (digits: number): string => String(below(12)).padStart(digits, '0');

const MAKERS: Record<Condition['kind'], () => string> = {
  ip,
  net,
  domain,
  wild: domain,
  url,
  md5: () => hash(32),
  sha256: () => hash(64),
};
const KINDS = Object.keys(MAKERS) as Condition['kind'][];

function aCondition(): Condition {
  const kind = pick(KINDS);
  return { kind, value: MAKERS[kind]() };
}

function conditionText({ kind, value }: Condition): string {
  switch (kind) {
    case 'ip':
      return `ipv4-addr:value = '${value}'`;
    case 'net':
      return `ipv4-addr:value ISSUBSET '${value}'`;
    case 'domain':
      return `domain-name:value = '${value}'`;
    case 'wild':
      return `domain-name:value LIKE '%.${value}'`;
    case 'url':
      return `url:value = '${value}'`;
    case 'md5':
      return `file:hashes.MD5 = '${value}'`;
    case 'sha256':
      return `file:hashes.'SHA-256' = '${value}'`;
  }
}

function aListed(): Listed & { readonly object: ReturnType<typeof indicator> } {
  const conditions = Array.from({ length: 1 + below(3) }, aCondition);
  const joined = pick(['AND', 'OR'] as const);
  const pattern = `[${conditions.map(conditionText).join(` ${joined} `)}]`;
  // A pattern with AND compares one object: those of several types are rejected or mean nothing.
  const object = indicator({ pattern });
  return { id: object.id, conditions, joined, isHidden: below(3) === 0, object };
}

function anAsked(): Asked {
  if (below(8) === 0) return { kind: 'email', value: `x@${domain()}` };
  const { kind, value } = aCondition();
  return kind === 'wild' ? { kind: 'domain', value } : { kind, value };
}

// The comparison -------------------------------------------------------------------------------

let tocsin: Tocsin;
let alice: Actor;
let bob: Actor;
let listed: Listed[];

beforeAll(async () => {
  tocsin = await startTocsin();
  [alice, bob] = [await anActor(tocsin), await anActor(tocsin)];
  const made = Array.from({ length: INDICATORS }, aListed);
  const post = async (isHidden: boolean) => {
    const objects = made.filter((one) => one.isHidden === isHidden).map(({ object }) => object);
    const answer = await alice.posts(objects, isHidden ? { audience: alice.slug } : {});
    const { results } = answer.body as { results: { id: string; outcome: string }[] };
    return results.filter(({ outcome }) => outcome === 'created').map(({ id }) => id);
  };
  const stored = new Set([...(await post(true)), ...(await post(false))]);
  listed = made.filter(({ id }) => stored.has(id));
}, 120_000);
afterAll(() => tocsin.close());

/** How often each way of matching was met, and how many results were whole. */
const met = new Map<Mode, number>();
let whole = 0;

it.each([
  ['who sees everything', () => alice, () => true],
  ['who sees a part', () => bob, ({ isHidden }: Listed) => !isHidden],
] as const)('finds what a plain evaluation finds, for a viewer %s', async (_, viewer, isSeen) => {
  expect(listed.length).toBeGreaterThan(INDICATORS / 2);
  const seen = listed.filter(isSeen);
  for (let round = 0; round < 12; round++) {
    const modes = round < 2 ? MODES : MODES.filter(() => below(3) > 0);
    const options = { modes: modes.length === 0 ? MODES : modes, subdomains: round % 2 === 0 };
    const asked = Array.from({ length: VALUES / 12 }, anAsked);
    const results = await lookUp(viewer(), asked, options);
    expect(results).toHaveLength(asked.length);
    for (const [i, one] of asked.entries()) compare(one, results[i], evaluate(one, seen, options));
  }
});

it('met every way of matching', () => {
  expect(whole).toBeGreaterThan(VALUES);
  for (const mode of MODES) expect(met.get(mode), mode).toBeGreaterThan(20);
});

function compare(asked: Asked, result: LookupResult | undefined, due: Record<string, Mode>): void {
  const { hits = [], truncated = false } = result ?? {};
  for (const { match } of hits) met.set(match, (met.get(match) ?? 0) + 1);
  const found = Object.fromEntries(hits.map(({ id, match }) => [id, match]));
  const question = `${asked.kind} ${asked.value}`;
  if (truncated) expect(due, question).toMatchObject(found);
  else expect(found, question).toEqual(due);
  whole += truncated ? 0 : 1;
}

async function lookUp(
  actor: Actor,
  asked: readonly Asked[],
  { modes, subdomains }: Options,
): Promise<LookupResult[]> {
  const answer = await actor
    .sends('post', `/lookup?match=${modes.join(',')}&subdomains=${subdomains}`)
    .send({ values: asked.map(({ value }) => value) });
  return (answer.body as { results: LookupResult[] }).results;
}
