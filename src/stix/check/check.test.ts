import { describe, expect, it } from 'vitest';
import { checkObject } from './check.ts';
import type { Checked } from './check.ts';
import { EXAMPLES, changedExample } from '../example-objects.ts';
import { OBJECT_TYPES } from '../schema/registry.ts';

const errorsOf = (checked: Checked): string[] =>
  checked.ok ? [] : checked.errors.map(({ code, path }) => `${code} ${path}`);

const COMMON = ['spec_version', 'id', 'created', 'modified'];
const REQUIRED: Record<string, string[]> = {
  'attack-pattern': [...COMMON, 'name'],
  campaign: [...COMMON, 'name'],
  'course-of-action': [...COMMON, 'name'],
  grouping: [...COMMON, 'context', 'object_refs'],
  identity: [...COMMON, 'name'],
  incident: [...COMMON, 'name'],
  indicator: [...COMMON, 'pattern', 'pattern_type', 'valid_from'],
  infrastructure: [...COMMON, 'name'],
  'intrusion-set': [...COMMON, 'name'],
  location: COMMON,
  malware: [...COMMON, 'is_family'],
  'malware-analysis': [...COMMON, 'product'],
  note: [...COMMON, 'content', 'object_refs'],
  'observed-data': [...COMMON, 'first_observed', 'last_observed', 'number_observed'],
  opinion: [...COMMON, 'opinion', 'object_refs'],
  report: [...COMMON, 'name', 'published', 'object_refs'],
  'threat-actor': [...COMMON, 'name'],
  tool: [...COMMON, 'name'],
  vulnerability: [...COMMON, 'name'],
  relationship: [...COMMON, 'relationship_type', 'source_ref', 'target_ref'],
  sighting: [...COMMON, 'sighting_of_ref'],
  artifact: ['id'],
  'autonomous-system': ['id', 'number'],
  directory: ['id', 'path'],
  'domain-name': ['id', 'value'],
  'email-addr': ['id', 'value'],
  'email-message': ['id', 'is_multipart'],
  file: ['id'],
  'ipv4-addr': ['id', 'value'],
  'ipv6-addr': ['id', 'value'],
  'mac-addr': ['id', 'value'],
  mutex: ['id', 'name'],
  'network-traffic': ['id', 'protocols'],
  process: ['id'],
  software: ['id', 'name'],
  url: ['id', 'value'],
  'user-account': ['id'],
  'windows-registry-key': ['id'],
  'x509-certificate': ['id'],
  'language-content': [...COMMON, 'object_ref', 'contents'],
  'marking-definition': ['spec_version', 'id', 'created'],
  'extension-definition': [
    ...COMMON,
    'created_by_ref',
    'name',
    'schema',
    'version',
    'extension_types',
  ],
};

describe('every type of STIX 2.1', () => {
  it('has an example', () => {
    expect(Object.keys(EXAMPLES).toSorted()).toEqual([...OBJECT_TYPES.keys()].toSorted());
  });

  it.each([...OBJECT_TYPES.keys()])(
    '%s: the example passes, whole and without warnings',
    (type) => {
      const object = changedExample(type, {});
      const text = JSON.stringify(object);
      const checked = checkObject(object);
      expect(checked).toEqual({ ok: true, object, warnings: [] });
      expect(checked.ok && checked.object).toBe(object);
      expect(JSON.stringify(object)).toBe(text);
    },
  );

  it.each([...OBJECT_TYPES.keys()])(
    '%s: the example needs each of its required properties',
    (type) => {
      const required = REQUIRED[type] ?? [];
      for (const name of required) {
        expect(errorsOf(checkObject(changedExample(type, { [name]: undefined })))).toContain(
          `missing_property $.${name}`,
        );
      }
    },
  );

  it.each([...OBJECT_TYPES.keys()])('%s: no property takes a value of another type', (type) => {
    for (const name of Object.keys(changedExample(type, {}))) {
      if (name === 'type' || name === 'definition' || name === 'x509_v3_extensions') continue;
      const errors = errorsOf(
        checkObject(changedExample(type, { [name]: { 'not this': [null] } })),
      );
      expect(errors, name).not.toEqual([]);
      expect(
        errors.every((error) => error.includes(` $.${name}`) || error.includes(' $')),
        name,
      ).toBe(true);
    }
  });
});
