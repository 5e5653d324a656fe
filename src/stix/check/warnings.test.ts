import { describe, expect, it } from 'vitest';
import { checkObject } from './check.ts';
import type { Checked } from './check.ts';
import { changedExample } from '../example-objects.ts';

const errorsOf = (checked: Checked): string[] =>
  checked.ok ? [] : checked.errors.map(({ code, path }) => `${code} ${path}`);
const warningsOf = (checked: Checked): string[] =>
  checked.warnings.map(({ code, path }) => `${code} ${path}`);
const ref = (type: string): string => `${type}--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f`;

const DOUBTS: [type: string, changes: Record<string, unknown>, warning: string][] = [
  [
    'indicator',
    { created: '2024-01-01T00:00:00Z', modified: '2024-01-01T00:00:00Z' },
    'timestamp_precision $.created',
  ],
  [
    'indicator',
    { id: ref('indicator').toUpperCase().replace('INDICATOR', 'indicator') },
    'id_not_lower_case $.id',
  ],
  ['indicator', { id: 'indicator--018f3c1e-0000-7000-b000-000000000000' }, 'uuid_version $.id'],
  ['indicator', { indicator_types: ['own'] }, 'not_in_vocabulary $.indicator_types'],
  ['indicator', { pattern_type: 'own', pattern: 'x' }, 'not_in_vocabulary $.pattern_type'],
  ['indicator', { x_own: 1 }, 'custom_property $'],
  ['indicator', { x_own: [] }, 'empty_value $.x_own'],
  ['indicator', { x_own: [{ sectors: [] }] }, 'empty_value $.x_own[0].sectors'],
  ['indicator', { x_own: { a: {} } }, 'empty_value $.x_own.a'],
  ['indicator', { x_own: { a: null } }, 'empty_value $.x_own.a'],
  ['indicator', { x_misp_Capital: 1 }, 'property_name_form $.x_misp_Capital'],
  [
    'indicator',
    { 'x_misp_cfr-type-of-incident': 'x' },
    "property_name_form $['x_misp_cfr-type-of-incident']",
  ],
  [
    'indicator',
    { created: '2024-01-01T00:00:00.123999Z', modified: '2024-01-01T00:00:00.123Z' },
    'modified_before_created $.modified',
  ],
  [
    'indicator',
    { created: '2024-01-01T00:00:00.000999Z', modified: '2024-01-01T00:00:00.000000Z' },
    'modified_before_created $.modified',
  ],
  [
    'indicator',
    { external_references: [{ source_name: 'cve', external_id: '2024-1' }] },
    'doubtful_external_id $.external_references[0].external_id',
  ],
  [
    'indicator',
    { external_references: [{ source_name: 'x', url: 'no url' }] },
    'not_a_url $.external_references[0].url',
  ],
  ['indicator', { pattern: "[ipv4-addr:value = '10.0.0.1']" }, 'special_purpose_address $.pattern'],
  [
    'relationship',
    { start_time: '2024-01-01T00:00:00Z', stop_time: '2024-01-01T00:00:00.000Z' },
    'empty_window $.stop_time',
  ],
  ['ipv4-addr', { value: '10.0.0.1' }, 'sco_id_differs $.id'],
  ['ipv4-addr', { value: '10.0.0.1' }, 'special_purpose_address $.value'],
  ['domain-name', { value: 'gate[.]example.com' }, 'defanged_value $.value'],
  ['file', { hashes: { own: 'x' } }, 'not_in_vocabulary $.hashes.own'],
  ['mac-addr', { value: '00-00-5E-00-53-01' }, 'mac_address_form $.value'],
  ['file', { extensions: { 'own-ext': { a: 1 } } }, "undefined_extension $.extensions['own-ext']"],
  [
    'url',
    { extensions: { 'ntfs-ext': { sid: 'x' } } },
    "undefined_extension $.extensions['ntfs-ext']",
  ],
  [
    'observed-data',
    { object_refs: undefined, objects: { 0: { type: 'url' } } },
    'deprecated_property $.objects',
  ],
  [
    'marking-definition',
    { definition_type: 'tlp', definition: { tlp: 'red' } },
    'tlp_not_predefined $.id',
  ],
  [
    'marking-definition',
    { definition_type: 'statement', definition: { statement: 'TLP:RED' } },
    'tlp_not_predefined $.id',
  ],
  [
    'marking-definition',
    { definition_type: 'tlp', definition: { tlp: 'purple' } },
    'tlp_unknown $',
  ],
];

describe('what is kept and told', () => {
  it.each(DOUBTS)('%s with %j: %s', (type, changes, warning) => {
    const checked = checkObject(changedExample(type, changes));
    expect(errorsOf(checked)).toEqual([]);
    expect(warningsOf(checked)).toContain(warning);
  });

  it('a defanged observable that says so is not told', () => {
    const checked = checkObject(
      changedExample('domain-name', { value: 'gate[.]example.com', defanged: true }),
    );
    expect(warningsOf(checked)).not.toContain('defanged_value $.value');
  });

  it('what is written as STIX writes it is not told', () => {
    const extensions = { 'ntfs-ext': { sid: 'x' }, [ref('extension-definition')]: { a: 1 } };
    expect(warningsOf(checkObject(changedExample('file', { extensions })))).toEqual([]);
    const mac = checkObject(changedExample('mac-addr', { value: '00:00:5e:00:53:01' }));
    expect(warningsOf(mac)).not.toContain('mac_address_form $.value');
    const none = checkObject(changedExample('mac-addr', { value: 'x' }));
    expect(warningsOf(none)).not.toContain('mac_address_form $.value');
  });

  it('properties that an extension declares are not told', () => {
    const extensions = {
      [ref('extension-definition')]: { extension_type: 'toplevel-property-extension' },
    };
    expect(warningsOf(checkObject(changedExample('indicator', { rank: 5, extensions })))).toEqual(
      [],
    );
  });

  it('a faithful copy of a predefined marking stands', () => {
    const white = 'marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9';
    const copy = changedExample('marking-definition', {
      id: white,
      definition_type: 'tlp',
      definition: { tlp: 'white' },
    });
    expect(checkObject(copy).ok).toBe(true);
  });

  it('types of others are kept: with versions, as new-sco, or the old x- kind', () => {
    const own = changedExample('identity', { type: 'x-own', id: ref('x-own') });
    expect(warningsOf(checkObject(own))).toEqual(['custom_object $.type']);
    const sco = { type: 'own-sco', id: ref('own-sco'), value: 'x' };
    expect(errorsOf(checkObject(sco))).toContain('missing_property $.created');
    const extensions = { [ref('extension-definition')]: { extension_type: 'new-sco' } };
    expect(checkObject({ ...sco, extensions })).toMatchObject({ ok: true, warnings: [] });
    expect(checkObject({ type: 'x-own-sco', id: ref('x-own-sco') }).ok).toBe(true);
  });

  it('tells of one object at most 50 findings', () => {
    const checked = checkObject(
      changedExample('indicator', { labels: Array.from({ length: 200 }, () => 1) }),
    );
    expect(errorsOf(checked)).toHaveLength(50);
  });
});
