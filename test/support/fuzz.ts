/** For fuzz tests: spoils JSON values in small, seeded ways, and tells when something takes long. */

const ODD: readonly unknown[] = [
  null,
  '',
  'x',
  0,
  -1,
  1.5,
  1e308,
  true,
  [],
  [[]],
  {},
  { '': '' },
  '2024-02-30T00:00:00Z',
  '9999-12-31T23:59:60Z',
  '2024-01-01T00:00:00.000000001Z',
  'indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f',
  'INDICATOR--8E2E2D2B-17D4-4CBF-938F-98EE46B3CD3F',
  'marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed',
  "[file:name = 'x'",
  "[ipv4-addr:value = '10.0.0.1'] AND [url:value = 'hxxp://a[.]b']",
  '\u202e\u200b',
  'constructor',
  '__proto__x',
  'a'.repeat(3000),
];

/** A copy of the value, spoilt in one to three places; the same for the same seed. */
export function mutated(value: unknown, seed: number): unknown {
  const random = generator(seed);
  const root = { value: structuredClone(value) };
  const times = 1 + random(3);
  for (let time = 0; time < times; time += 1) spoil(root, random);
  return root.value;
}

type Random = (below: number) => number;

/** mulberry32: small, fast, and the same on every machine. */
function generator(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Walks to a random member and does something to it. */
function spoil(root: object, random: Random): void {
  let holder = root as Record<string, unknown>;
  let key = 'value';
  for (;;) {
    const inner = holder[key];
    if (typeof inner !== 'object' || inner === null) break;
    const keys = Object.keys(inner);
    const chosen = keys[random(keys.length || 1)];
    if (chosen === undefined || random(6) === 0) break;
    holder = inner as Record<string, unknown>;
    key = chosen;
  }
  if (holder === root) addTo(holder[key], random);
  else holder[key] = changedValue(holder, key, random);
}

/** A copy: what is spoilt later must not spoil the list. */
function oddValue(random: Random): unknown {
  return structuredClone(ODD[random(ODD.length)]);
}

function changedValue(holder: Record<string, unknown>, key: string, random: Random): unknown {
  const value = holder[key];
  switch (random(6)) {
    case 0:
      if (!Array.isArray(holder)) Reflect.deleteProperty(holder, key);
      return Array.isArray(holder) ? value : oddValue(random);
    case 1:
      return [value, structuredClone(value)];
    case 2:
      return typeof value === 'string'
        ? spoiltText(value, random)
        : { [key]: structuredClone(value) };
    case 3:
      if (!Array.isArray(holder)) holder[spoiltText(key, random)] = structuredClone(value);
      return value;
    default:
      return oddValue(random);
  }
}

function addTo(value: unknown, random: Random): void {
  if (typeof value !== 'object' || value === null) return;
  const names = ['x_own', 'confidence', 'labels', 'extensions', 'defanged', 'objects', 'severity'];
  const name = names[random(names.length)] ?? 'x_own';
  (value as Record<string, unknown>)[name] = oddValue(random);
}

function spoiltText(text: string, random: Random): string {
  const at = random(text.length + 1);
  const inserted = ['', 'Z', "'", '[', '\\', '.', '-', '\u00ad', '0'][random(9)] ?? '';
  return text.slice(0, at) + inserted + text.slice(at + random(3));
}

/** What one hostile input may take, in multiples of the reference work. */
const RATIO_MAX = 12;
const TRIES = 3;
/** A megabyte of JSON, which any machine reads and writes at the speed at which it does all else. */
const REFERENCE = JSON.stringify(Array.from({ length: 60_000 }, (_, i) => ({ [`k${i % 9}`]: i })));
export const REFERENCE_MS = leastMs(() => void JSON.stringify(JSON.parse(REFERENCE)));

/**
 * Runs a case and compares the processor time of this thread with that of a piece of reference work,
 * so that neither a slow machine nor a busy one makes anything slow. Where a case seems slow, both are
 * measured again: code may have been compiled, or the garbage of others collected, meanwhile.
 * @throws Error when it takes more than twelve times the reference work each time.
 */
export function within(run: () => void): void {
  if (processorMs(run) < RATIO_MAX * REFERENCE_MS) return;
  const tookMs = leastMs(run);
  const referenceMs = leastMs(() => void JSON.stringify(JSON.parse(REFERENCE)));
  const ratio = tookMs / Math.max(referenceMs, REFERENCE_MS);
  if (ratio >= RATIO_MAX) throw new Error(`took ${ratio.toFixed(1)} times the reference work`);
}

function leastMs(run: () => void): number {
  return Math.min(...Array.from({ length: TRIES }, () => processorMs(run)));
}

function processorMs(run: () => void): number {
  const before = process.threadCpuUsage();
  run();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}

/** Work that is linear takes this many times as long on this many times the input; quadratic, the square. */
const FACTOR = 4;
/** Between the two, with room for a busy machine. */
const GROWTH_MAX = FACTOR * 2.2;
/** Shorter times cannot be distinguished from other work of the machine. */
const LEAST_MS = 10;

/**
 * Runs a case on an input of `size` and on one four times as large.
 * @throws Error when the larger one takes clearly more than four times as long, however often it is tried.
 */
export function growsLinearly(size: number, prepare: (size: number) => () => void): void {
  const small = repeated(prepare(size));
  const large = prepare(size * FACTOR);
  let growth = Infinity;
  for (let tries = 0; tries < TRIES && growth > GROWTH_MAX; tries++) {
    growth = (leastMs(large) * small.times) / leastMs(small.run);
  }
  if (growth > GROWTH_MAX) {
    throw new Error(`${FACTOR} times the input took ${growth.toFixed(1)} times as long`);
  }
}

/** Often enough that the time can be measured. */
function repeated(run: () => void): { run: () => void; times: number } {
  let times = 1;
  const all = (): void => {
    for (let i = 0; i < times; i++) run();
  };
  while (processorMs(all) < LEAST_MS) times *= 2;
  return { run: all, times };
}
