import { expect, it } from 'vitest';
import { checkObject } from './check.ts';

const INDICATOR = {
  type: 'indicator',
  spec_version: '2.1',
  id: 'indicator--2b9d6f0a-6f0a-4c57-9d3c-0a1d7b5c3e11',
  created: '2026-11-01T00:00:00.000Z',
  modified: '2026-11-01T00:00:00.000Z',
  indicator_types: ['malicious-activity'],
  pattern_type: 'stix',
  pattern: "[domain-name:value = 'example.com']",
  valid_from: '2026-11-01T00:00:00Z',
};

const GREEN = 'marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb';

function errorOf(change: object): string {
  const checked = checkObject({ ...INDICATOR, ...change });
  if (checked.ok) return 'ok';
  return checked.errors.map(({ code, path, detail }) => `${code} ${path}: ${detail}`).join('\n');
}

it.each([
  ['an identifier in capitals', [GREEN.toUpperCase()], /write the identifier in lower case$/],
  ['a type in capitals', [GREEN.replace('marking', 'Marking')], /in lower case$/],
  ['a TLP level', ['TLP:GREEN'], /not a TLP level.* docs\/sharing\.md#markings$/],
  ['a level in lower case', ['tlp:amber+strict'], /not a TLP level/],
  ['other text', ['green'], /expected an identifier: <type>--<UUID of RFC 4122>$/],
])('says what is wrong with %s as a marking', (_, refs, expected) => {
  const told = errorOf({ object_marking_refs: refs });
  expect(told).toMatch(/^invalid_id \$\.object_marking_refs\[0\]: /);
  expect(told).toMatch(expected);
});

it('takes a UUID in capitals', () => {
  const refs = [GREEN.replace(/[0-9a-f]{8}-.*/, (uuid) => uuid.toUpperCase())];
  expect(errorOf({ object_marking_refs: refs })).toBe('ok');
});

it.each(['2026-02-30T00:00:00Z', '2026-04-31T00:00:00.000Z', '2026-11-01T24:00:00Z'])(
  'says that %s does not exist',
  (time) => {
    expect(errorOf({ valid_from: time })).toBe(
      'invalid_timestamp $.valid_from: no such day in the calendar, or no such time of day',
    );
  },
);

it('shows the form of a timestamp for a text of another form', () => {
  expect(errorOf({ valid_from: '2026-02-30 00:00' })).toContain('expected a time in UTC such as');
});

it('suggests the type that the id names', () => {
  expect(errorOf({ type: 'indicater' })).toBe(
    'id_type_mismatch $.type: the type is indicater, but the id begins with indicator--. Did you mean `indicator`?',
  );
  expect(errorOf({ id: INDICATOR.id.replace('indicator', 'malware') })).toBe(
    'id_type_mismatch $.id: the id must begin with indicator--',
  );
});
