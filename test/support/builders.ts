/** Objects to post: right in every part unless told otherwise, each new unless given an id. */
import { randomUUID } from 'node:crypto';

export interface PostedObject {
  readonly type: string;
  readonly id: string;
  readonly [property: string]: unknown;
}

/** The predefined TLP 2.0 markings. */
export const TLP = {
  clear: 'marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487',
  green: 'marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb',
  amber: 'marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421',
  strict: 'marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003',
  red: 'marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1',
} as const;

/** TLP markings by rank, 0 CLEAR to 4 RED. */
export const TLP_BY_RANK = [TLP.clear, TLP.green, TLP.amber, TLP.strict, TLP.red] as const;

export function indicator(overrides: object = {}): PostedObject {
  const address = `198.51.100.${Math.floor(Math.random() * 256)}`;
  return {
    type: 'indicator',
    spec_version: '2.1',
    id: `indicator--${randomUUID()}`,
    created: '2025-12-01T00:00:00.000Z',
    modified: '2026-01-01T00:00:00.000Z',
    name: 'Beacon',
    indicator_types: ['malicious-activity'],
    pattern: `[ipv4-addr:value = '${address}']`,
    pattern_type: 'stix',
    valid_from: '2026-01-01T00:00:00Z',
    ...overrides,
  };
}

/** The same object, `minutes` newer. */
export function newer(object: PostedObject, minutes = 1, overrides: object = {}): PostedObject {
  const atMs = Date.parse(String(object['modified'])) + minutes * 60_000;
  return { ...object, modified: new Date(atMs).toISOString(), ...overrides };
}

export function malware(overrides: object = {}): PostedObject {
  return {
    type: 'malware',
    spec_version: '2.1',
    id: `malware--${randomUUID()}`,
    created: '2025-12-01T00:00:00.000Z',
    modified: '2026-01-01T00:00:00.000Z',
    name: 'Worm',
    is_family: false,
    ...overrides,
  };
}

export function relationship(from: string, to: string, overrides: object = {}): PostedObject {
  return {
    type: 'relationship',
    spec_version: '2.1',
    id: `relationship--${randomUUID()}`,
    created: '2025-12-01T00:00:00.000Z',
    modified: '2026-01-01T00:00:00.000Z',
    relationship_type: 'indicates',
    source_ref: from,
    target_ref: to,
    ...overrides,
  };
}

/** A cyber-observable object: it has no versions. */
export function address(overrides: object = {}): PostedObject {
  return {
    type: 'ipv4-addr',
    spec_version: '2.1',
    id: `ipv4-addr--${randomUUID()}`,
    value: '192.0.2.7',
    ...overrides,
  };
}

export function marked(tlp: keyof typeof TLP, object = indicator()): PostedObject {
  return { ...object, object_marking_refs: [TLP[tlp]] };
}

export function bundle(objects: readonly unknown[], overrides: object = {}): object {
  return { type: 'bundle', id: `bundle--${randomUUID()}`, objects, ...overrides };
}
