/** What people read of each finding: its words, its place and the clause that it rests on. */
import { describe, expect, it } from 'vitest';
import { checkObject } from './check/check.ts';
import { changedExample } from './example-objects.ts';

const UUID = '8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f';
const SCO_EXTENSION = { [`extension-definition--${UUID}`]: { extension_type: 'new-sco' } };

/** `code path: detail (section)` of all errors, or of all warnings where there is no error. */
function told(value: unknown): string[] {
  const checked = checkObject(value);
  const findings = checked.ok ? checked.warnings : checked.errors;
  return findings.map(({ code, path, detail, clause }) => {
    const section = clause?.replace('STIX 2.1 section ', '') ?? 'no clause';
    return `${code} ${path}: ${detail} (${section})`;
  });
}

const changed = (type: string, changes: Record<string, unknown>) =>
  told(changedExample(type, changes));
const long = 'l'.repeat(100);

describe('errors', () => {
  it.each<[string, unknown, string]>([
    ['null', null, 'not_an_object $: expected a STIX object (3.2)'],
    ['no type', {}, 'missing_property $.type: is required (3.2)'],
    ['a type that is no text', { type: 7 }, 'wrong_type $.type: expected a string (3.2)'],
    [
      'a bundle',
      { type: 'bundle' },
      'nested_bundle $.type: a bundle cannot contain another bundle (8)',
    ],
    [
      'too many values',
      { type: 'indicator', labels: Array(20_001).fill('x') },
      'object_too_large $: the object has 20003 properties and list items; the limit is 20000 (no clause)',
    ],
  ])('of what is not an object (%s)', (_, value, expected) => {
    expect(told(value)).toEqual([expected]);
  });

  it.each<[string, Record<string, unknown>, string]>([
    [
      'indicator',
      { id: `malware--${UUID}` },
      'id_type_mismatch $.id: the id must begin with indicator-- (2.9)',
    ],
    ['indicator', { valid_from: undefined }, 'missing_property $.valid_from: is required (4.7)'],
    [
      'indicator',
      { spec_version: undefined },
      'missing_property $.spec_version: expected 2.1 (4.7)',
    ],
    ['indicator', { spec_version: '2.0' }, 'value_not_allowed $.spec_version: expected 2.1 (4.7)'],
    ['indicator', { confidence: 101 }, 'out_of_range $.confidence: expected at most 100 (4.7)'],
    ['indicator', { confidence: -1 }, 'out_of_range $.confidence: expected at least 0 (4.7)'],
    [
      'indicator',
      { confidence: 1.5 },
      'wrong_type $.confidence: expected a whole number, found a number (4.7)',
    ],
    ['indicator', { name: null }, 'wrong_type $.name: expected a string, found null (4.7)'],
    ['indicator', { name: ['x'] }, 'wrong_type $.name: expected a string, found a list (4.7)'],
    ['indicator', { labels: 'x' }, 'wrong_type $.labels: expected a list, found a string (4.7)'],
    [
      'indicator',
      { labels: [7] },
      'wrong_type $.labels[0]: expected a string, found a number (4.7)',
    ],
    [
      'indicator',
      { extensions: [] },
      'wrong_type $.extensions: expected a dictionary, found a list (4.7)',
    ],
    ['indicator', { action: 'x' }, 'reserved_property $.action: the name action is reserved (3.8)'],
    [
      'indicator',
      { 'x-own': 1 },
      "invalid_property_name $['x-own']: a property name has 3 to 250 characters of a-z, 0-9 and _, a letter first (3.1)",
    ],
    [
      'artifact',
      { encryption_algorithm: 'rot13' },
      'value_not_allowed $.encryption_algorithm: expected one of AES-256-GCM, ChaCha20-Poly1305, mime-type-indicated (6.1)',
    ],
    [
      'indicator',
      { pattern: 'x' },
      "pattern_syntax $.pattern: expected '[' or '(' at column 1, found x (9)",
    ],
  ])('of %s with %j', (type, changes, expected) => {
    expect(changed(type, changes)).toEqual([expected]);
  });

  it('name a long type in short', () => {
    const [first] = told({ ...changedExample('identity', {}), type: `x-${long}` });
    expect(first).toBe(`id_type_mismatch $.id: the id must begin with x-${'l'.repeat(58)}-- (2.9)`);
  });
});

describe('warnings', () => {
  it.each<[string, Record<string, unknown>, string]>([
    [
      'identity',
      { created: '2024-01-01T00:00:00Z' },
      'timestamp_precision $.created: is less precise than milliseconds (3.2)',
    ],
    [
      'identity',
      { id: `identity--${UUID.toUpperCase()}` },
      'id_not_lower_case $.id: the UUID has upper-case digits; it is stored as given (2.9)',
    ],
    [
      'identity',
      { id: 'identity--018f3c1e-0000-7000-b000-000000000000' },
      'uuid_version $.id: UUID version 7 is newer than STIX (2.9)',
    ],
    [
      'indicator',
      { indicator_types: ['own'] },
      "not_in_vocabulary $.indicator_types: 'own' is not in the open vocabulary (10)",
    ],
    [
      'indicator',
      { indicator_types: [long] },
      `not_in_vocabulary $.indicator_types: '${'l'.repeat(60)}' is not in the open vocabulary (10)`,
    ],
    [
      'identity',
      { external_references: [{ source_name: 'cve', external_id: 'x' }] },
      'doubtful_external_id $.external_references[0].external_id: expected an identifier of CVE (4.19)',
    ],
    [
      'identity',
      { external_references: [{ source_name: 'capec', external_id: 'CVE-2024-0001' }] },
      'doubtful_external_id $.external_references[0].external_id: expected an identifier of CAPEC (4.19)',
    ],
    [
      'identity',
      { external_references: [{ source_name: 'cve', description: 'x' }] },
      'doubtful_external_id $.external_references[0].external_id: expected an identifier of CVE (4.19)',
    ],
    [
      'identity',
      { external_references: [{ source_name: 'x', url: 'x' }] },
      'not_a_url $.external_references[0].url: cannot be read as a URL (2.5)',
    ],
    [
      'identity',
      { x_own: 1, y_own: 2 },
      'custom_property $: custom properties without an extension definition: x_own, y_own (11.1)',
    ],
    [
      'file',
      { hashes: { OWN: 'x' } },
      'not_in_vocabulary $.hashes.OWN: the hash algorithm is not in the open vocabulary (10.7)',
    ],
    [
      'ipv4-addr',
      { id: 'ipv4-addr--1e61d36c-a16c-53b7-a80f-2a00161c96b1' },
      'sco_id_differs $.id: a deterministic id would be ',
    ],
  ])('of %s with %j', (type, changes, expected) => {
    const found = changed(type, changes);
    expect(found.some((one) => one.startsWith(expected))).toBe(true);
  });

  it.each<[string, Record<string, unknown>]>([
    ['identity', { external_references: [{ source_name: 'cve', external_id: 'CVE-2024-0001' }] }],
    ['identity', { external_references: [{ source_name: 'capec', external_id: 'CAPEC-163' }] }],
    ['identity', { external_references: [{ source_name: 'x', url: 'https://www.example.com/' }] }],
    [
      'identity',
      {
        extensions: {
          [`extension-definition--${UUID}`]: {
            extension_type: 'toplevel-property-extension',
            x_own: 1,
          },
        },
        y_own: 2,
      },
    ],
  ])('are none of %s with %j', (type, changes) => {
    expect(changed(type, changes)).toEqual([]);
  });

  it('of a defanged value are none where the object says that it is defanged', () => {
    const url = (defanged: boolean) =>
      changed('url', { value: 'hxxps://www.example.com/', defanged }).join();
    expect(url(false)).toContain('defanged_value $.value: is defanged');
    expect(url(true)).not.toContain('defanged_value');
  });

  it('of a misspelt property name the one that was meant', () => {
    expect(changed('identity', { lable: ['x'], x_lables: 1 })).toEqual([
      'custom_property $: custom properties without an extension definition: ' +
        'lable (did you mean labels?), x_lables (11.1)',
    ]);
    expect(
      changed('indicator', { valid_from: undefined, valid_form: '2026-01-01T00:00:00Z' }),
    ).toContain(
      'missing_property $.valid_from: is required. `valid_form` is not a property of this type: was it meant? (4.7)',
    );
  });

  it.each([
    'object_marking_ref',
    'object_markings',
    'Object_Marking_Refs',
    'objectMarkingRefs',
    'granular_marking',
    'GranularMarkings',
  ])('reject an object with a marking misspelt as %s', (name) => {
    const [error = ''] = changed('identity', { [name]: [] });
    expect(error).toMatch(/^marking_misspelt \$\.\w+: .+ Did you mean `(object|granular)_marking/);
  });

  it('leave alone what only looks a little like a marking', () => {
    const names = ['object_refs', 'marking', 'x_object_marking_refs', 'granularity'];
    for (const name of names) expect(changed('identity', { [name]: 'x' })[0]).toMatch(/^custom_/);
  });

  it('of many custom properties name ten', () => {
    const names = Array.from({ length: 12 }, (_, index) => `x_${String(index).padStart(2, '0')}`);
    const own = (count: number) =>
      changed('identity', Object.fromEntries(names.slice(0, count).map((name) => [name, 1])));
    const shown = names.slice(0, 10).join(', ');
    const beginning = `custom_property $: custom properties without an extension definition: ${shown}`;
    expect(own(10)).toEqual([`${beginning} (11.1)`]);
    expect(own(12)).toEqual([`${beginning} and 2 more (11.1)`]);
  });

  it('of empty custom values name ten in all', () => {
    const own = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`x_own_${i}`, []]));
    const found = changed('identity', own);
    expect(found).toHaveLength(10);
    expect(found[1]).toBe('empty_value $.x_own_0: is empty; leave the property out (2.12)');
    expect(changed('identity', { x_own: null })[1]).toBe(
      'empty_value $.x_own: is empty; leave the property out (2.12)',
    );
  });

  it('of a type of somebody else', () => {
    const own = { ...changedExample('identity', {}), type: 'own-type', id: `own-type--${UUID}` };
    expect(told(own)).toContain(
      'custom_object $.type: own-type is not a type of STIX 2.1; the object is stored as it is (11.2)',
    );
    const extended = { ...own, extensions: { x: { extension_type: 'new-sdo' } } };
    expect(told(extended).join()).not.toContain('custom_object');
    const otherwise = { ...own, extensions: { x: { extension_type: 'property-extension' } } };
    expect(told(otherwise).join()).toContain('custom_object');
  });

  it('of an own observable: it needs no created and modified where its extension says so', () => {
    const own = { type: 'own-sco', spec_version: '2.1', id: `own-sco--${UUID}`, some_value: 1 };
    expect(told({ ...own, extensions: SCO_EXTENSION })).toEqual([]);
    expect(told(own).join()).toContain('missing_property $.created');
    expect(told({ ...own, type: 'x-sco', id: `x-sco--${UUID}` }).join()).not.toContain('missing');
  });

  it('of the container of observed data', () => {
    const observed = changedExample('observed-data', {
      object_refs: undefined,
      objects: { '0': { type: 'ipv4-addr', value: '192.0.2.1' } },
    });
    expect(told(observed)).toContain(
      'deprecated_property $.objects: observable containers are deprecated (4.14)',
    );
  });
});
