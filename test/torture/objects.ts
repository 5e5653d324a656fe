import type { Tlp } from '../../src/stix/marking/tlp.ts';

/** A made-up object of which every version has a name of its own. */
export interface Draft {
  readonly stixId: string;
  /** ISO 8601, to the millisecond. */
  readonly modified: string;
  readonly name: string;
  readonly tlp: Tlp | undefined;
  readonly revoked: boolean;
}

const CREATED = '2026-01-01T00:00:00.000Z';
const MARKINGS: Readonly<Record<Tlp, string>> = {
  clear: 'marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487',
  green: 'marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb',
  amber: 'marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421',
  'amber+strict': 'marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003',
  red: 'marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1',
};

/** The STIX object of a draft: an indicator or a malware, as its id says. */
export function objectOf({ stixId, modified, name, tlp, revoked }: Draft): Record<string, unknown> {
  const type = stixId.split('--')[0];
  const pattern = {
    pattern: `[ipv4-addr:value = '192.0.2.${name.length}' AND domain-name:value = '${stixId.slice(-12)}.example.com']`,
    pattern_type: 'stix',
    valid_from: CREATED,
  };
  return {
    type,
    spec_version: '2.1',
    id: stixId,
    created: CREATED,
    modified,
    name,
    ...(tlp !== undefined && { object_marking_refs: [MARKINGS[tlp]] }),
    ...(revoked && { revoked }),
    ...(type === 'indicator' ? pattern : { is_family: false }),
  };
}

/** The same with something in it that STIX does not allow. */
export function brokenObjectOf(draft: Draft): Record<string, unknown> {
  return { ...objectOf(draft), confidence: 101 };
}
