/**
 * Indicators that were made up: names reserved for documentation (RFC 2606), and hashes of made-up text;
 * no addresses, since a server warns about those reserved for documentation. The same at every run.
 */
import { createHash } from 'node:crypto';
import type { Tlp } from '../src/stix/marking/tlp.ts';

/** TLP 2.0 as the OASIS extension definition names it. */
const MARKINGS: Readonly<Record<Tlp, string>> = {
  clear: 'marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487',
  green: 'marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb',
  amber: 'marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421',
  'amber+strict': 'marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003',
  red: 'marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1',
};
const FIRST = '2026-09-01T08:00:00.000Z';
const LATER = '2026-09-01T09:30:00.000Z';

/** STIX 2.1 section 4.7, as far as the demo uses it. */
export interface Indicator {
  readonly type: 'indicator';
  readonly spec_version: '2.1';
  readonly id: string;
  readonly created_by_ref: string;
  readonly created: string;
  readonly modified: string;
  readonly name: string;
  readonly indicator_types: readonly string[];
  readonly pattern: string;
  readonly pattern_type: 'stix';
  readonly valid_from: string;
  readonly confidence: number;
  readonly revoked?: boolean;
  readonly object_marking_refs: readonly string[];
}

/** An indicator with the marking that it bears. */
export interface Marked {
  readonly tlp: Tlp;
  readonly indicator: Indicator;
}

/** Indicators number `from` to `from + count - 1`, made by the identity `author`. */
export function makeIndicators(author: string, tlp: Tlp, from: number, count: number): Marked[] {
  return Array.from({ length: count }, (_, i) => ({
    tlp,
    indicator: makeIndicator(author, tlp, from + i),
  }));
}

/** The next version of an indicator, with what is new about it. */
export function nextVersion({ tlp, indicator }: Marked, news: Partial<Indicator>): Marked {
  return { tlp, indicator: { ...indicator, ...news, modified: LATER } };
}

/** What tells one version from every other. */
export function versionKey({ id, modified }: { id: string; modified?: unknown }): string {
  return `${id} ${String(modified)}`;
}

function makeIndicator(author: string, tlp: Tlp, number: number): Indicator {
  const { name, pattern } = describe(number);
  return {
    type: 'indicator',
    spec_version: '2.1',
    id: `indicator--${uuidOf(`tocsin demo ${number}`)}`,
    created_by_ref: author,
    created: FIRST,
    modified: FIRST,
    name,
    indicator_types: ['malicious-activity'],
    pattern,
    pattern_type: 'stix',
    valid_from: FIRST,
    confidence: 60 + (number % 40),
    object_marking_refs: [MARKINGS[tlp]],
  };
}

function describe(number: number): { name: string; pattern: string } {
  const label = String(number).padStart(4, '0');
  switch (number % 5) {
    case 0:
      return equals('Sender of phishing', 'email-addr:value', `billing-${label}@example.net`);
    case 1:
      return equals('Mutex of a loader', 'mutex:name', `demo-${label}`);
    case 2:
      return equals('Phishing host', 'domain-name:value', `login-${label}.example.com`);
    case 3:
      return equals('Dropper', 'url:value', `https://cdn-${label}.example.org/update.bin`);
    default: {
      const hash = createHash('sha256').update(`made-up file ${number}`).digest('hex');
      return equals('Implant', "file:hashes.'SHA-256'", hash);
    }
  }
}

function equals(name: string, path: string, value: string): { name: string; pattern: string } {
  return { name, pattern: `[${path} = '${value}']` };
}

/** A UUID of version 5 made of a text (RFC 9562 section 5.5), in a name space of the demo's own. */
function uuidOf(text: string): string {
  const hex = createHash('sha1').update(NAME_SPACE).update(text).digest('hex');
  const parts = [hex.slice(0, 8), hex.slice(8, 12), `5${hex.slice(13, 16)}`];
  return [...parts, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join('-');
}

const NAME_SPACE = Buffer.from('0d9a5e5c2b6f4a0d8f0f6c8f3a1b7e42', 'hex');
