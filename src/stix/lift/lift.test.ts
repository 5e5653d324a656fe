import { describe, expect, it } from 'vitest';
import { checkObject } from '../check/check.ts';
import { liftObjects } from './lift.ts';
import { liftPattern } from './pattern.ts';
import { checkPattern } from '../pattern/check.ts';
import { scoIdOf } from '../sco-id.ts';

const UUID = '8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f';
const DAY = '2017-01-01T00:00:00.000Z';
const old = (type: string, properties: object) => ({
  type,
  id: `${type}--${UUID}`,
  created: DAY,
  modified: DAY,
  ...properties,
});
const pattern = "[url:value = 'https://example.com/']";
const only = (objects: readonly unknown[]) => liftObjects(objects, '2.0').objects[0];

const lifts = (object: object, version?: string) => liftObjects([object], version).notes.length > 0;

describe('liftObjects', () => {
  it.each([
    [
      'indicator',
      { labels: ['malicious-activity'], pattern, valid_from: DAY },
      { indicator_types: ['malicious-activity'], pattern, pattern_type: 'stix' },
    ],
    ['malware', { labels: ['bot'], name: 'x' }, { malware_types: ['bot'], is_family: true }],
    [
      'report',
      { labels: ['malware'], name: 'x', published: DAY, object_refs: [`tool--${UUID}`] },
      { report_types: ['malware'] },
    ],
    ['threat-actor', { labels: ['spy'], name: 'x' }, { threat_actor_types: ['spy'] }],
    ['tool', { labels: ['unknown'], name: 'x' }, { tool_types: ['unknown'] }],
    ['identity', { labels: ['x'], name: 'x', identity_class: 'organization' }, { labels: ['x'] }],
    ['vulnerability', { name: 'x' }, { name: 'x' }],
  ])('%s', (type, given, lifted) => {
    const { objects, origins, notes } = liftObjects([old(type, given)], '2.0');
    expect(objects).toHaveLength(1);
    expect(objects[0]).toMatchObject({ ...lifted, spec_version: '2.1', created: DAY });
    expect(checkObject(objects[0])).toMatchObject({ ok: true });
    expect(origins).toEqual([0]);
    expect(notes).toMatchObject([{ index: 0, code: 'lifted_from_2_0', path: '$' }]);
    expect(objects[0]).toMatchObject('labels' in given ? { labels: given.labels } : {});
  });

  it('keeps labels of the producer, and moves only words of the vocabulary', () => {
    const labels = ['tlp:amber+strict', 'benign', 'own', 'benign'];
    const indicator = only([old('indicator', { labels, pattern, valid_from: DAY })]);
    expect(indicator).toMatchObject({ labels, indicator_types: ['benign'] });
    const malware = only([old('malware', { labels: ['own', 7], name: 'x' })]);
    expect(malware).toMatchObject({ labels: ['own', 7] });
    expect(malware).not.toHaveProperty('malware_types');
  });

  it('lifts custom types of a 2.0 bundle', () => {
    for (const type of ['x-misp-object', 'x-mitre-tactic', 'own-type']) {
      const given = old(type, { name: 'x', x_own: 1 });
      const { objects, notes } = liftObjects([given], '2.0');
      expect(objects[0]).toEqual({ ...given, spec_version: '2.1' });
      expect(notes).toMatchObject([{ code: 'lifted_from_2_0' }]);
      expect(checkObject(objects[0])).toMatchObject({ ok: true });
    }
  });

  it('leaves what a producer said in the words of 2.1', () => {
    const mixed = old('indicator', {
      labels: ['x'],
      indicator_types: ['benign'],
      pattern: 'y',
      pattern_type: 'yara',
      valid_from: DAY,
    });
    expect(only([mixed])).toEqual({ ...mixed, spec_version: '2.1' });
    expect(only([old('malware', { name: 'x', is_family: false })])).toMatchObject({
      is_family: false,
    });
  });
});

describe('objects of 2.1', () => {
  it('knows 2.0 by the bundle, by the object, or by what is not there', () => {
    const identity = old('identity', { name: 'x' });
    expect(lifts(identity)).toBe(true);
    expect(lifts(old('x-own', { name: 'x' }))).toBe(true);
    expect(lifts(old('own-type', { name: 'x' }))).toBe(false);
    expect(lifts(old('x-own', { name: 'x', extensions: {} }))).toBe(false);
    expect(lifts({ type: 'x-own', id: `x-own--${UUID}` }, '2.0')).toBe(false);
    expect(lifts(old('grouping', { context: 'x' }), '2.0')).toBe(false);
    expect(lifts({ ...identity, spec_version: '2.0' })).toBe(true);
    expect(lifts({ ...identity, spec_version: '2.1' }, '2.0')).toBe(false);
    expect(lifts({ ...identity, confidence: 5 })).toBe(false);
    expect(lifts({ ...identity, confidence: 5 }, '2.0')).toBe(true);
    expect(lifts(old('indicator', { pattern, pattern_type: 'stix' }))).toBe(false);
    expect(lifts(old('grouping', {}), '2.0')).toBe(false);
    expect(lifts({ type: 7 })).toBe(false);
  });
  it('passes on what needs nothing, and what is not an object', () => {
    const given = [
      null,
      'x',
      { type: 'identity', spec_version: '2.1' },
      { type: 'process', pid: 1 },
    ];
    const { objects, notes } = liftObjects(given);
    objects.forEach((object, index) => expect(object).toBe(given[index]));
    expect(notes).toEqual([]);
  });

  it('gives observables without an id their deterministic one', () => {
    const { objects, notes } = liftObjects([{ type: 'url', value: 'https://example.com/' }]);
    const id = scoIdOf({ type: 'url', value: 'https://example.com/' });
    expect(objects).toEqual([{ type: 'url', id, value: 'https://example.com/' }]);
    expect(notes).toMatchObject([{ code: 'id_computed', path: '$.id' }]);
  });
});

const CONTAINER = {
  0: {
    type: 'file',
    name: 'a.exe',
    hashes: { ssdeep: '3:a:b' },
    created: DAY,
    parent_directory_ref: '1',
  },
  1: { type: 'directory', path: 'C:\\x' },
  2: { type: 'process', pid: 5, created: DAY, binary_ref: '0', opened_connection_refs: ['3'] },
  3: { type: 'network-traffic', src_ref: '4', protocols: ['tcp'] },
  4: { type: 'ipv4-addr', value: '198.51.100.7' },
  5: { type: 'ipv4-addr', value: '198.51.100.7' },
};
const observed = (objects: object) =>
  old('observed-data', { first_observed: DAY, last_observed: DAY, number_observed: 1, objects });

describe('observed data', () => {
  it('is taken apart into objects that refer to each other', () => {
    const lifted = liftObjects([old('identity', { name: 'x' }), observed(CONTAINER)], '2.0');
    const [, data, file, directory, process, traffic, address, more] = lifted.objects as Record<
      string,
      unknown
    >[];
    expect(more).toBeUndefined();
    expect(lifted.origins).toEqual([0, 1, 1, 1, 1, 1, 1]);
    expect(data).not.toHaveProperty('objects');
    expect(data?.['object_refs']).toEqual(
      [file, directory, process, traffic, address].map((one) => one?.['id']),
    );
    expect(file).toMatchObject({
      ctime: DAY,
      hashes: { SSDEEP: '3:a:b' },
      parent_directory_ref: directory?.['id'],
    });
    expect(process).toMatchObject({
      created_time: DAY,
      image_ref: file?.['id'],
      opened_connection_refs: [traffic?.['id']],
    });
    expect(traffic).toMatchObject({ src_ref: address?.['id'] });
    expect(address?.['id']).toBe(scoIdOf({ type: 'ipv4-addr', value: '198.51.100.7' }));
    for (const object of lifted.objects) expect(checkObject(object)).toMatchObject({ ok: true });
    expect(liftObjects([observed(CONTAINER)], '2.0').objects[3]).toEqual(process);
  });

  it('writes header fields as lists, and reads no references in them', () => {
    const header = { Accept: 'text/html', own_ref: '9', Cookie: ['a', 'b'] };
    const extensions = {
      'http-request-ext': { request_method: 'get', request_value: '/', request_header: header },
    };
    const fields = { Received: ['a', 'b'], 'X-Mailer': 'x' };
    const { objects } = liftObjects(
      [
        observed({
          0: { type: 'network-traffic', src_ref: '1', protocols: ['tcp', 'http'], extensions },
          1: { type: 'ipv4-addr', value: '198.51.100.7' },
          2: { type: 'email-message', is_multipart: false, additional_header_fields: fields },
          3: { type: 'process', pid: 1, environment_variables: { own_ref: '9' } },
        }),
      ],
      '2.0',
    );
    expect(objects[1]).toMatchObject({
      extensions: {
        'http-request-ext': {
          request_header: { Accept: ['text/html'], own_ref: ['9'], Cookie: ['a', 'b'] },
        },
      },
    });
    expect(objects[3]).toMatchObject({
      additional_header_fields: { Received: ['a', 'b'], 'X-Mailer': ['x'] },
    });
    expect(objects[4]).toMatchObject({ environment_variables: { own_ref: '9' } });
    for (const object of objects) expect(checkObject(object)).toMatchObject({ ok: true });
  });

  it.each([
    [{}],
    [{ 0: { type: 'process', parent_ref: '0' } }],
    [{ 0: { type: 'process', parent_ref: '9' } }],
    [{ 0: { type: 'process', child_refs: ['9'] } }],
    [{ 0: { type: 'process', child_refs: [7] } }],
    [{ 0: 'x' }],
    [{ 0: { type: 7 } }],
    [{ 0: {} }],
    [
      Object.fromEntries(
        Array.from({ length: 3000 }, (_, index) => [
          index,
          { type: 'process', parent_ref: String(index + 1) },
        ]),
      ),
    ],
  ])('stays as it is where it cannot be taken apart: %.60j', (container) => {
    const { objects } = liftObjects([observed(container)], '2.0');
    expect(objects).toEqual([{ ...observed(container), spec_version: '2.1' }]);
  });
});

describe('liftPattern', () => {
  it.each([
    [
      "[a:b = 1] START '2017-01-01T00:00:00Z' STOP '2017-01-02T00:00:00Z'",
      "[a:b = 1] START t'2017-01-01T00:00:00Z' STOP t'2017-01-02T00:00:00Z'",
    ],
    [
      "[a:b = 'and \\' or' or c:d in (1)] followedby [e:f like 'x']",
      "[a:b = 'and \\' or' OR c:d IN (1)] FOLLOWEDBY [e:f LIKE 'x']",
    ],
    ["[a:b = 'START']", "[a:b = 'START']"],
    ["[file:created  = t'2017-01-01T00:00:00Z']", "[file:ctime = t'2017-01-01T00:00:00Z']"],
    ["[file:name  =  'created']", "[file:name  =  'created']"],
    [
      "[process:binary_ref.name = 'x' and process:parent_ref.binary_ref.created > t'2017-01-01T00:00:00Z']",
      "[process:image_ref.name = 'x' AND process:parent_ref.image_ref.ctime > t'2017-01-01T00:00:00Z']",
    ],
    [
      "([windows-registry-key:modified = t'2017-01-01T00:00:00Z'] OR [x-own:created = 1]) WITHIN 5 SECONDS",
      "([windows-registry-key:modified_time = t'2017-01-01T00:00:00Z'] OR [x-own:created = 1]) WITHIN 5 SECONDS",
    ],
    [
      "[(file:hashes.ssdeep = '3:a:b' OR file:child_refs[*].created = 1)]",
      "[(file:hashes.SSDEEP = '3:a:b' OR file:child_refs[*].created_time = 1)]",
    ],
    ['[a:b = 1] REPEATS 2 TIMES REPEATS 5 TIMES', '([a:b = 1] REPEATS 2 TIMES) REPEATS 5 TIMES'],
    [
      '[a:b = 1] REPEATS 2 TIMES WITHIN 9 SECONDS REPEATS 5 TIMES WITHIN 90 SECONDS',
      '([a:b = 1] REPEATS 2 TIMES WITHIN 9 SECONDS) REPEATS 5 TIMES WITHIN 90 SECONDS',
    ],
    ['[a:b = 1] REPEATS 2 TIMES WITHIN 5 SECONDS', '[a:b = 1] REPEATS 2 TIMES WITHIN 5 SECONDS'],
    ['[a:b = ] or [c:d = 1]', '[a:b = ] or [c:d = 1]'],
    ["[a:b = 'x", "[a:b = 'x"],
  ])('%s', (given, lifted) => {
    expect(liftPattern(given)).toBe(lifted);
    expect(liftPattern(lifted)).toBe(lifted);
  });

  it('lifts qualifiers that checkPattern then accepts', () => {
    const given = '[file:size = 1] START $1 STOP $2 START $1 STOP $2'
      .replaceAll('$1', "'2017-01-01T00:00:00Z'")
      .replaceAll('$2', "'2017-01-02T00:00:00Z'");
    expect(checkPattern(liftPattern(given), 'stix')).toEqual({ errors: [], warnings: [] });
  });

  it('leaves a pattern alone that would be nested too deep', () => {
    const given = `[a:b = 1]${' REPEATS 2 TIMES'.repeat(3000)}`;
    expect(liftPattern(given)).toBe(given);
  });
});
