import { describe, expect, it } from 'vitest';
import { checkObject } from './check.ts';
import type { Checked } from './check.ts';
import { EXAMPLES, changedExample } from '../example-objects.ts';

const errorsOf = (checked: Checked): string[] =>
  checked.ok ? [] : checked.errors.map(({ code, path }) => `${code} ${path}`);
const ref = (type: string): string => `${type}--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f`;

const BREACHES: [type: string, changes: Record<string, unknown>, error: string][] = [
  ['indicator', { id: 'indicator--1' }, 'invalid_id $.id'],
  ['indicator', { id: ref('malware') }, 'id_type_mismatch $.id'],
  ['indicator', { spec_version: '2.0' }, 'value_not_allowed $.spec_version'],
  ['indicator', { created: '2024-02-30T00:00:00.000Z' }, 'invalid_timestamp $.created'],
  ['indicator', { created: 1704067200 }, 'wrong_type $.created'],
  ['indicator', { modified: '2023-01-01T00:00:00.000Z' }, 'time_order $.modified'],
  [
    'indicator',
    { created: '2024-01-01T00:00:00.001000Z', modified: '2024-01-01T00:00:00.000Z' },
    'time_order $.modified',
  ],
  ['indicator', { 'x_a b': 1 }, "invalid_property_name $['x_a b']"],
  ['indicator', { Capital: 1 }, 'invalid_property_name $.Capital'],
  ['indicator', { valid_until: '2024-01-01T00:00:00.000Z' }, 'time_order $.valid_until'],
  ['indicator', { confidence: 101 }, 'out_of_range $.confidence'],
  ['indicator', { confidence: -1 }, 'out_of_range $.confidence'],
  ['indicator', { confidence: 1.5 }, 'wrong_type $.confidence'],
  ['indicator', { labels: [] }, 'empty_list $.labels'],
  ['indicator', { labels: [1] }, 'wrong_type $.labels[0]'],
  ['indicator', { lang: 'not a language' }, 'invalid_language $.lang'],
  ['indicator', { revoked: 'true' }, 'wrong_type $.revoked'],
  ['indicator', { name: null }, 'wrong_type $.name'],
  ['indicator', { defanged: true }, 'property_not_allowed $'],
  ['indicator', { created_by_ref: ref('malware') }, 'ref_type_not_allowed $.created_by_ref'],
  ['indicator', { created_by_ref: 'me' }, 'invalid_id $.created_by_ref'],
  [
    'indicator',
    { object_marking_refs: [ref('identity')] },
    'ref_type_not_allowed $.object_marking_refs[0]',
  ],
  [
    'indicator',
    { external_references: [{ source_name: 'x' }] },
    'missing_property $.external_references[0]',
  ],
  [
    'indicator',
    { external_references: [{ url: 'x' }] },
    'missing_property $.external_references[0].source_name',
  ],
  [
    'indicator',
    { kill_chain_phases: [{ phase_name: 'x' }] },
    'missing_property $.kill_chain_phases[0].kill_chain_name',
  ],
  [
    'indicator',
    { granular_markings: [{ selectors: ['name'] }] },
    'granular_marking_choice $.granular_markings[0]',
  ],
  [
    'indicator',
    {
      granular_markings: [
        { selectors: ['name'], lang: 'en', marking_ref: ref('marking-definition') },
      ],
    },
    'granular_marking_choice $.granular_markings[0]',
  ],
  [
    'indicator',
    { granular_markings: [{ selectors: ['summary'], lang: 'en' }] },
    'selector_without_content $.granular_markings[0].selectors[0]',
  ],
  ['indicator', { extensions: {} }, 'empty_dictionary $.extensions'],
  ['indicator', { extensions: { 'x-ext': {} } }, "empty_dictionary $.extensions['x-ext']"],
  [
    'indicator',
    { extensions: { [ref('extension-definition')]: { a: 1 } } },
    `missing_property $.extensions['${ref('extension-definition')}'].extension_type`,
  ],
  [
    'indicator',
    { extensions: { 'x-ext': { extension_type: 'new' } } },
    "value_not_allowed $.extensions['x-ext'].extension_type",
  ],
  ['indicator', { severity: 'high' }, 'reserved_property $.severity'],
  ['indicator', { 'X-Score': 1 }, "invalid_property_name $['X-Score']"],
  ['indicator', { pattern: '[file:size = ]' }, 'pattern_syntax $.pattern'],
  [
    'location',
    {
      region: undefined,
      country: undefined,
      latitude: undefined,
      longitude: undefined,
      precision: undefined,
    },
    'missing_property $',
  ],
  ['location', { latitude: undefined }, 'missing_property $.latitude'],
  ['location', { longitude: undefined }, 'missing_property $.longitude'],
  ['location', { latitude: 90.1 }, 'out_of_range $.latitude'],
  ['location', { longitude: -180.1 }, 'out_of_range $.longitude'],
  ['malware', { is_family: true, name: undefined }, 'missing_property $.name'],
  ['malware', { last_seen: '2020-01-01T00:00:00Z' }, 'time_order $.last_seen'],
  ['malware', { sample_refs: [ref('url')] }, 'ref_type_not_allowed $.sample_refs[0]'],
  ['malware-analysis', { result: undefined, analysis_sco_refs: undefined }, 'missing_property $'],
  ['observed-data', { last_observed: '2020-01-01T00:00:00Z' }, 'time_order $.last_observed'],
  ['observed-data', { number_observed: 0 }, 'out_of_range $.number_observed'],
  ['observed-data', { number_observed: 1_000_000_000 }, 'out_of_range $.number_observed'],
  ['observed-data', { object_refs: [ref('malware')] }, 'ref_type_not_allowed $.object_refs[0]'],
  ['observed-data', { object_refs: undefined }, 'missing_property $'],
  ['observed-data', { objects: { 0: { type: 'url' } } }, 'property_not_allowed $.object_refs'],
  [
    'observed-data',
    { object_refs: [ref('relationship'), ref('sighting')] },
    'ref_type_not_allowed $.object_refs',
  ],
  ['opinion', { opinion: 'maybe' }, 'value_not_allowed $.opinion'],
  [
    'relationship',
    { relationship_type: 'Related to' },
    'invalid_relationship_type $.relationship_type',
  ],
  ['relationship', { source_ref: ref('sighting') }, 'ref_type_not_allowed $.source_ref'],
  ['relationship', { target_ref: ref('marking-definition') }, 'ref_type_not_allowed $.target_ref'],
  ['relationship', { stop_time: '2023-12-31T23:59:59Z' }, 'time_order $.stop_time'],
  ['sighting', { sighting_of_ref: ref('ipv4-addr') }, 'ref_type_not_allowed $.sighting_of_ref'],
  [
    'sighting',
    { observed_data_refs: [ref('file')] },
    'ref_type_not_allowed $.observed_data_refs[0]',
  ],
  [
    'sighting',
    { where_sighted_refs: [ref('tool')] },
    'ref_type_not_allowed $.where_sighted_refs[0]',
  ],
  ['sighting', { count: -1 }, 'out_of_range $.count'],
  ['artifact', { url: 'https://example.com/a' }, 'property_not_allowed $.url'],
  ['artifact', { payload_bin: undefined }, 'missing_property $'],
  ['artifact', { payload_bin: 'AAE' }, 'invalid_base64 $.payload_bin'],
  [
    'artifact',
    { payload_bin: undefined, url: 'https://example.com/a', hashes: undefined },
    'missing_property $.hashes',
  ],
  ['artifact', { encryption_algorithm: 'rot13' }, 'value_not_allowed $.encryption_algorithm'],
  ['artifact', { encryption_algorithm: undefined }, 'missing_property $.encryption_algorithm'],
  ['email-message', { is_multipart: true }, 'property_not_allowed $.body'],
  [
    'email-message',
    { body: undefined, body_multipart: [{ body: 'x' }] },
    'property_not_allowed $.body_multipart',
  ],
  [
    'email-message',
    { is_multipart: true, body: undefined, body_multipart: [{}] },
    'missing_property $.body_multipart[0]',
  ],
  ['file', { hashes: undefined, name: undefined, name_enc: undefined }, 'missing_property $'],
  ['file', { name: undefined }, 'missing_property $.name'],
  ['file', { hashes: { MD5: 'x' } }, 'invalid_hash $.hashes.MD5'],
  ['file', { hashes: { 'a b': 'x' } }, "invalid_dictionary_key $.hashes['a b']"],
  ['file', { name_enc: 'bla.bla.bla' }, 'invalid_character_set $.name_enc'],
  ['directory', { path_enc: 'bla.bla.bla' }, 'invalid_character_set $.path_enc'],
  [
    'file',
    { extensions: { 'ntfs-ext': { sid: 'x', SID: 'x' } } },
    "invalid_property_name $.extensions['ntfs-ext'].SID",
  ],
  [
    'file',
    {
      extensions: {
        'windows-pebinary-ext': { pe_type: 'exe', sections: [{ name: 'x', Size: 1 }] },
      },
    },
    "invalid_property_name $.extensions['windows-pebinary-ext'].sections[0].Size",
  ],
  ['file', { hashes: {} }, 'empty_dictionary $.hashes'],
  ['file', { size: -1 }, 'out_of_range $.size'],
  ['file', { magic_number_hex: 'abc' }, 'invalid_hex $.magic_number_hex'],
  [
    'file',
    { extensions: { 'windows-pebinary-ext': { pe_type: 'exe' } } },
    "missing_property $.extensions['windows-pebinary-ext']",
  ],
  [
    'file',
    { extensions: { 'archive-ext': { comment: 'x' } } },
    "missing_property $.extensions['archive-ext'].contains_refs",
  ],
  ['network-traffic', { src_ref: undefined, dst_ref: undefined }, 'missing_property $'],
  ['network-traffic', { src_port: 65536 }, 'out_of_range $.src_port'],
  ['network-traffic', { is_active: true }, 'property_not_allowed $.end'],
  ['network-traffic', { end: '2020-01-01T00:00:00Z' }, 'time_order $.end'],
  ['network-traffic', { protocols: [] }, 'empty_list $.protocols'],
  [
    'network-traffic',
    { extensions: { 'socket-ext': { address_family: 'AF_X' } } },
    "value_not_allowed $.extensions['socket-ext'].address_family",
  ],
  ['ipv4-addr', { value: '203.0.113.300' }, 'not_an_address $.value'],
  ['ipv6-addr', { value: 'x' }, 'not_an_address $.value'],
  ['mac-addr', { value: 'd2:fb' }, 'not_a_mac_address $.value'],
  ['software', { cpe: 'cpe:/a:x' }, 'invalid_cpe $.cpe'],
  ['windows-registry-key', { values: [{}] }, 'missing_property $.values[0]'],
  [
    'windows-registry-key',
    { values: [{ data_type: 'REG_X' }] },
    'value_not_allowed $.values[0].data_type',
  ],
  ['language-content', { contents: { 'x y': {} } }, "invalid_dictionary_key $.contents['x y']"],
  ['language-content', { contents: { 'en-': { a: 'b' } } }, "invalid_language $.contents['en-']"],
  ['language-content', { contents: { a: { name: 'x' } } }, 'invalid_language $.contents.a'],
  ['language-content', { contents: { x: { name: 'x' } } }, 'invalid_language $.contents.x'],
  ['indicator', { lang: 'a' }, 'invalid_language $.lang'],
  ['software', { languages: ['a'] }, 'invalid_language $.languages[0]'],
  ['marking-definition', { definition: undefined }, 'missing_property $'],
  ['marking-definition', { definition: { statement: 3 } }, 'missing_property $'],
  [
    'marking-definition',
    { object_marking_refs: [ref('marking-definition')] },
    'marking_circular $',
  ],
  [
    'marking-definition',
    { id: 'marking-definition--8E2e2d2b-17d4-4cbf-938f-98ee46b3cd3f' },
    'invalid_id $.id',
  ],
  [
    'marking-definition',
    { id: 'marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9' },
    'marking_redefined $.id',
  ],
  [
    'extension-definition',
    { extension_types: ['new-sdo'] },
    'property_not_allowed $.extension_properties',
  ],
  [
    'extension-definition',
    { extension_types: ['other'] },
    'value_not_allowed $.extension_types[0]',
  ],
  [
    'process',
    Object.fromEntries(
      Object.keys(EXAMPLES['process'] ?? {})
        .filter((name) => name !== 'type' && name !== 'id')
        .map((name) => [name, undefined]),
    ),
    'missing_property $',
  ],
];

describe('what the specification forbids', () => {
  it.each(BREACHES)('%s with %j: %s', (type, changes, error) => {
    const checked = checkObject(changedExample(type, changes));
    expect(errorsOf(checked)).toContain(error);
    if (checked.ok) return;
    expect(
      checked.errors.every(
        ({ clause, detail }) => clause?.startsWith('STIX 2.1 section ') === true && detail !== '',
      ),
    ).toBe(true);
    expect(checked.id).toBe(changes['id'] ?? EXAMPLES[type]?.['id']);
  });

  it.each([
    [null, 'not_an_object $'],
    [[], 'not_an_object $'],
    ['indicator', 'not_an_object $'],
    [{}, 'missing_property $.type'],
    [{ type: 7 }, 'wrong_type $.type'],
    [{ type: 'bundle', objects: [] }, 'nested_bundle $.type'],
    [{ type: 'indicator' }, 'missing_property $.id'],
    [{ type: 'My--Type', id: 'x' }, 'invalid_type_name $.type'],
    [{ type: 'action', id: ref('action') }, 'invalid_type_name $.type'],
  ])('%j: %s', (value, error) => {
    expect(errorsOf(checkObject(value))).toContain(error);
  });
});

describe('what only looks forbidden', () => {
  it.each<[string, Record<string, unknown>]>([
    ['observed-data', { object_refs: [ref('relationship'), ref('file')] }],
    ['observed-data', { object_refs: [ref('x-own')] }],
    ['language-content', { contents: { 'x-own': { name: 'x' }, 'zh-Hant-TW': { name: 'x' } } }],
    ['file', { extensions: { 'ntfs-ext': { sid: 'x', own_name: 'x' } } }],
    ['file', { extensions: { 'pdf-ext': { document_info_dict: { Title: 'x' } } } }],
  ])('%s with %j', (type, changes) => {
    expect(errorsOf(checkObject(changedExample(type, changes)))).toEqual([]);
  });
});
