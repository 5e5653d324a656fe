/** One valid object of every type of STIX 2.1, for tests and for the documentation. */

const UUID = '8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f';
const ref = (type: string): string => `${type}--${UUID}`;
const MD5 = 'd41d8cd98f00b204e9800998ecf8427e';
const DAY = '2024-01-01T00:00:00.000Z';
const NEXT_DAY = '2024-01-02T00:00:00.000Z';

type Properties = Readonly<Record<string, unknown>>;

function versioned(type: string, properties: Properties): Properties {
  const common = { type, spec_version: '2.1', id: ref(type), created: DAY, modified: DAY };
  return { ...common, ...properties };
}

function observable(type: string, properties: Properties): Properties {
  return { type, spec_version: '2.1', id: ref(type), ...properties };
}

const seen = { first_seen: DAY, last_seen: NEXT_DAY };
const phases = [{ kill_chain_name: 'example-chain', phase_name: 'delivery' }];

const DOMAIN_OBJECTS: readonly Properties[] = [
  versioned('attack-pattern', { name: 'Phishing', aliases: ['x'], kill_chain_phases: phases }),
  versioned('campaign', { name: 'Example', description: 'x', ...seen, objective: 'x' }),
  versioned('course-of-action', { name: 'Patch', description: 'x' }),
  versioned('grouping', { context: 'suspicious-activity', object_refs: [ref('indicator')] }),
  versioned('identity', {
    name: 'Example CERT',
    identity_class: 'organization',
    sectors: ['government'],
    roles: ['x'],
    contact_information: 'x',
  }),
  versioned('incident', { name: 'Example' }),
  versioned('indicator', {
    name: 'Example',
    description: 'x',
    indicator_types: ['malicious-activity'],
    pattern: "[domain-name:value = 'example.com']",
    pattern_type: 'stix',
    pattern_version: '2.1',
    valid_from: DAY,
    valid_until: NEXT_DAY,
    kill_chain_phases: phases,
    created_by_ref: ref('identity'),
    revoked: false,
    labels: ['x'],
    confidence: 80,
    lang: 'en',
    external_references: [{ source_name: 'example', url: 'https://example.com/report' }],
    object_marking_refs: ['marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb'],
    granular_markings: [{ lang: 'en', selectors: ['name', 'labels.[0]'] }],
  }),
  versioned('infrastructure', { name: 'x', infrastructure_types: ['botnet'], ...seen }),
  versioned('intrusion-set', {
    name: 'Example',
    ...seen,
    goals: ['x'],
    resource_level: 'team',
    primary_motivation: 'ideology',
    secondary_motivations: ['revenge'],
  }),
  versioned('location', {
    region: 'northern-europe',
    country: 'FI',
    latitude: 60.1699,
    longitude: 24.9384,
    precision: 1000,
  }),
  versioned('malware', {
    name: 'Example',
    is_family: true,
    malware_types: ['bot'],
    ...seen,
    operating_system_refs: [ref('software')],
    architecture_execution_envs: ['x86'],
    implementation_languages: ['c++'],
    capabilities: ['anti-vm'],
    sample_refs: [ref('file')],
  }),
  versioned('malware-analysis', {
    product: 'anonymized',
    result: 'malicious',
    analysis_sco_refs: [ref('file')],
    sample_ref: ref('file'),
    submitted: DAY,
  }),
  versioned('note', { content: 'x', authors: ['x'], object_refs: [ref('indicator')] }),
  versioned('observed-data', {
    first_observed: DAY,
    last_observed: DAY,
    number_observed: 1,
    object_refs: [ref('file'), ref('relationship')],
  }),
  versioned('opinion', { opinion: 'agree', explanation: 'x', object_refs: [ref('indicator')] }),
  versioned('report', {
    name: 'Example',
    report_types: ['indicator'],
    published: DAY,
    object_refs: [ref('indicator')],
  }),
  versioned('threat-actor', {
    name: 'Example',
    threat_actor_types: ['spy'],
    ...seen,
    roles: ['agent'],
    sophistication: 'expert',
    personal_motivations: ['revenge'],
  }),
  versioned('tool', { name: 'Example', tool_types: ['unknown'], tool_version: '1' }),
  versioned('vulnerability', {
    name: 'CVE-2024-0001',
    external_references: [{ source_name: 'cve', external_id: 'CVE-2024-0001' }],
  }),
  versioned('relationship', {
    relationship_type: 'indicates',
    source_ref: ref('indicator'),
    target_ref: ref('malware'),
    start_time: DAY,
    stop_time: NEXT_DAY,
  }),
  versioned('sighting', {
    ...seen,
    count: 5,
    sighting_of_ref: ref('indicator'),
    observed_data_refs: [ref('observed-data')],
    where_sighted_refs: [ref('identity'), ref('location')],
    summary: false,
  }),
];

const OBSERVABLES: readonly Properties[] = [
  observable('artifact', {
    mime_type: 'application/zip',
    payload_bin: 'AAEC',
    hashes: { MD5 },
    encryption_algorithm: 'mime-type-indicated',
    decryption_key: 'x',
  }),
  observable('autonomous-system', { number: 64496, name: 'x', rir: 'x' }),
  observable('directory', { path: 'C:\\x', ctime: DAY, contains_refs: [ref('file')] }),
  observable('domain-name', { value: 'example.com', resolves_to_refs: [ref('ipv4-addr')] }),
  observable('email-addr', { value: 'a@example.com', belongs_to_ref: ref('user-account') }),
  observable('email-message', {
    is_multipart: false,
    date: DAY,
    from_ref: ref('email-addr'),
    to_refs: [ref('email-addr')],
    subject: 'x',
    additional_header_fields: { 'X-Mailer': ['x'] },
    body: 'x',
    raw_email_ref: ref('artifact'),
  }),
  observable('file', {
    hashes: { MD5 },
    size: 5,
    name: 'a.exe',
    name_enc: 'UTF-8',
    magic_number_hex: '4d5a',
    mtime: DAY,
    parent_directory_ref: ref('directory'),
    content_ref: ref('artifact'),
    extensions: { 'windows-pebinary-ext': { pe_type: 'exe', sections: [{ name: 'a', size: 1 }] } },
  }),
  observable('ipv4-addr', {
    id: 'ipv4-addr--2f689bf9-0ff2-545f-aa61-e495eb8cecc7',
    value: '8.8.8.8',
    belongs_to_refs: [ref('autonomous-system')],
  }),
  observable('ipv6-addr', { value: '2a00:1450::1' }),
  observable('mac-addr', { value: 'd2:fb:49:24:37:18' }),
  observable('mutex', { name: 'x' }),
  observable('network-traffic', {
    start: DAY,
    end: NEXT_DAY,
    is_active: false,
    src_ref: ref('ipv4-addr'),
    dst_ref: ref('domain-name'),
    src_port: 65535,
    dst_port: 0,
    protocols: ['ipv4', 'tcp'],
    src_byte_count: 1,
    ipfix: { minimumIpTotalLength: 32 },
    extensions: { 'tcp-ext': { src_flags_hex: '02' } },
  }),
  observable('process', {
    pid: 5,
    created_time: DAY,
    command_line: 'x',
    environment_variables: { PATH: 'x' },
    image_ref: ref('file'),
    child_refs: [ref('process')],
  }),
  observable('software', {
    name: 'x',
    cpe: 'cpe:2.3:a:example:x:1:*:*:*:*:*:*:*',
    languages: ['en', 'pt-BR'],
  }),
  observable('url', { value: 'https://example.com/x' }),
  observable('user-account', { user_id: 'x', account_type: 'unix', is_disabled: false }),
  observable('windows-registry-key', {
    key: 'HKEY_LOCAL_MACHINE\\x',
    values: [{ name: '', data: 'x', data_type: 'REG_SZ' }],
    number_of_subkeys: 1,
  }),
  observable('x509-certificate', {
    serial_number: '36:f7',
    validity_not_before: DAY,
    x509_v3_extensions: { basic_constraints: 'CA:FALSE' },
  }),
];

const META_OBJECTS: readonly Properties[] = [
  versioned('language-content', {
    object_ref: ref('campaign'),
    object_modified: DAY,
    contents: { de: { name: 'Beispiel' } },
  }),
  {
    type: 'marking-definition',
    spec_version: '2.1',
    id: ref('marking-definition'),
    created: DAY,
    definition_type: 'statement',
    definition: { statement: 'Copyright 2024, Example' },
  },
  versioned('extension-definition', {
    created_by_ref: ref('identity'),
    name: 'Example',
    schema: 'https://example.com/schema.json',
    version: '1.0.0',
    extension_types: ['toplevel-property-extension'],
    extension_properties: ['rank'],
  }),
];

/** By type. All of their references are of the right type; what they refer to does not exist. */
export const EXAMPLES: Readonly<Record<string, Properties>> = Object.fromEntries(
  [...DOMAIN_OBJECTS, ...OBSERVABLES, ...META_OBJECTS].map((one) => [String(one['type']), one]),
);

/** The example of the type with some properties set, or removed if undefined. */
export function changedExample(type: string, changes: Properties): Record<string, unknown> {
  const object: Record<string, unknown> = { ...structuredClone(EXAMPLES[type]), ...changes };
  for (const [name, value] of Object.entries(changes)) if (value === undefined) delete object[name];
  return object;
}
