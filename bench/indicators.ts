/** Indicators as a producer posts them, on documentation ranges; each with an id and value of its own. */
import { createHash, randomUUID } from 'node:crypto';

const START_MS = Date.UTC(2026, 0, 1);

/** The kinds that feeds are made of, one after another. */
const PATTERNS: readonly ((index: number) => string)[] = [
  (i) => `[ipv4-addr:value = '198.51.${(i >> 8) & 255}.${i & 255}']`,
  (i) => `[domain-name:value = 'host-${i}.example.com']`,
  (i) => `[url:value = 'https://www.example.org/path/${i}/gate.php?id=${i % 97}']`,
  (i) => `[file:hashes.'SHA-256' = '${createHash('sha256').update(`${i}`).digest('hex')}']`,
];

/** The pattern of one indicator: one comparison. */
export function patternOf(index: number): string {
  return PATTERNS[index % PATTERNS.length]?.(index) ?? '';
}

/** The JSON of one indicator. */
export function indicatorJson(index: number, identity: string): string {
  const time = new Date(START_MS + index).toISOString();
  return JSON.stringify({
    type: 'indicator',
    spec_version: '2.1',
    id: `indicator--${randomUUID()}`,
    created_by_ref: identity,
    created: time,
    modified: time,
    name: `Address ${index} of a botnet's controller`,
    description: 'Seen as a command and control server; blocks of it are safe to apply.',
    indicator_types: ['malicious-activity'],
    pattern: patternOf(index),
    pattern_type: 'stix',
    pattern_version: '2.1',
    valid_from: time,
    confidence: 60 + (index % 40),
    labels: ['botnet', 'c2'],
    object_marking_refs: ['marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb'],
  });
}

/** Bundles of `size` indicators (the last may have fewer) that hold `objects` in all. */
export function makeBundles(objects: number, size: number, identity: string): Bundle[] {
  const bundles: Bundle[] = [];
  for (let from = 0; from < objects; from += size) {
    const count = Math.min(size, objects - from);
    const contents = Array.from({ length: count }, (_, i) => indicatorJson(from + i, identity));
    const head = `{"type":"bundle","id":"bundle--${randomUUID()}","objects":[`;
    bundles.push({ objects: count, body: Buffer.from(`${head}${contents.join(',')}]}`) });
  }
  return bundles;
}

export interface Bundle {
  readonly objects: number;
  readonly body: Buffer;
}
