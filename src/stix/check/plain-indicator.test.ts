/**
 * The short way takes the indicators that most bundles are made of, and leaves everything else to
 * the schema: STIX 2.1 sections 3.2 (common properties) and 4.7 (indicator).
 */
import { describe, expect, it } from 'vitest';
import { checkObject } from './check.ts';
import { isPlainIndicator } from './plain-indicator.ts';

const LEAST = {
  type: 'indicator',
  spec_version: '2.1',
  id: 'indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f',
  created: '2026-01-01T00:00:00.000Z',
  modified: '2026-01-01T00:00:00.000Z',
  pattern: "[domain-name:value = 'www.example.net']",
  pattern_type: 'stix',
  valid_from: '2026-01-01T00:00:00.000Z',
};
const MARKING = 'marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb';
const IDENTITY = 'identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f';
const PHASE = { kill_chain_name: 'own', phase_name: 'delivery' };
const WHOLE = {
  ...LEAST,
  name: '',
  description: 'Seen',
  pattern_version: '2.1',
  valid_until: '2026-01-01T00:00:00.001Z',
  revoked: false,
  confidence: 50,
  created_by_ref: IDENTITY,
  object_marking_refs: [MARKING],
  labels: ['c2'],
  indicator_types: ['malicious-activity', 'benign'],
  kill_chain_phases: [PHASE],
};

describe('the short way', () => {
  it.each<[string, object]>([
    ['the least', LEAST],
    ['the whole', WHOLE],
    ['later versions', { ...WHOLE, modified: '2026-01-01T00:00:00.001Z' }],
    [
      'microseconds',
      { ...LEAST, created: '2026-01-01T00:00:00.000000Z', modified: '2026-01-01T00:00:00.000001Z' },
    ],
    ['validity from another time', { ...LEAST, valid_from: '2020-01-01T00:00:00Z' }],
    [
      'validity in seconds',
      { ...LEAST, valid_from: '2026-01-01T00:00:00Z', valid_until: '2026-01-01T00:00:01Z' },
    ],
    ['another language', { ...LEAST, pattern_type: 'yara', pattern: 'rule x { condition: true }' }],
    ['no confidence', { ...LEAST, confidence: 0 }],
    ['full confidence', { ...LEAST, confidence: 100 }],
    ['a revocation', { ...LEAST, revoked: true }],
    [
      'several of each',
      {
        ...LEAST,
        labels: ['a', 'b'],
        object_marking_refs: [MARKING, MARKING],
        kill_chain_phases: [PHASE, PHASE],
      },
    ],
  ])('takes %s, and finds nothing wrong with it', (_, object) => {
    expect(isPlainIndicator(object)).toBe(true);
    expect(checkObject(object)).toEqual({ ok: true, object, warnings: [] });
  });

  it.each([
    'valid_from',
    'pattern',
    'pattern_type',
    'created',
    'modified',
    'id',
    'spec_version',
    'type',
  ])('does not take one without %s', (property) => {
    expect(isPlainIndicator({ ...WHOLE, [property]: undefined })).toBe(false);
    const rest = Object.fromEntries(Object.entries(WHOLE).filter(([name]) => name !== property));
    expect(isPlainIndicator(rest)).toBe(false);
  });

  it.each<[string, readonly unknown[]]>([
    ['type', ['malware', 7]],
    ['spec_version', ['2.0', 2.1]],
    ['id', [7, IDENTITY, 'indicator--x', LEAST.id.toUpperCase(), `${LEAST.id} `]],
    [
      'created',
      [
        7,
        '2026-01-01',
        '2026-01-01T00:00:00Z',
        '2026-01-01T00:00:00.0000Z',
        '2026-01-01T00:00:00.001Z',
        '2025-12-31T23:59:60.000Z',
        '2026-02-30T00:00:00.000Z',
      ],
    ],
    [
      'modified',
      [
        7,
        '2025-12-31T23:59:59.999Z',
        '2026-01-01T00:00:01Z',
        '2026-01-02T00:00:00.0000Z',
        '2026-12-31T23:59:60.000Z',
      ],
    ],
    ['valid_from', [7, '', '2026-01-01', '2026-01-01T00:00:00+00:00', '2026-01-01T00:00:00.001Z']],
    [
      'valid_until',
      [7, null, '', LEAST.valid_from, '2026-01-01T00:00:00Z', '2020-01-01T00:00:00Z'],
    ],
    ['pattern', [7, null, [LEAST.pattern]]],
    ['pattern_type', [7, 'own', 'STIX', '']],
    ['pattern_version', [2.1, null]],
    ['name', [7, null, ['x']]],
    ['description', [7, null, {}]],
    ['revoked', ['true', 0, null]],
    ['confidence', [-1, 101, 50.5, '50', null]],
    ['created_by_ref', [7, MARKING, 'identity--x', null]],
    ['object_marking_refs', [MARKING, [], [IDENTITY], [MARKING, 7], null, { length: 1 }]],
    ['labels', ['c2', [], [7], ['c2', 7], null]],
    ['indicator_types', ['benign', [], ['own'], ['benign', 'own'], null]],
    [
      'kill_chain_phases',
      [
        PHASE,
        [],
        [7],
        [null],
        ['x'],
        [{}],
        [{ kill_chain_name: 'own' }],
        [{ phase_name: 'x' }],
        [{ ...PHASE, phase_name: 7 }],
        [{ ...PHASE, kill_chain_name: 7 }],
        [PHASE, {}],
        null,
      ],
    ],
    ['x_own', [7, null]],
    ['lang', ['en']],
    ['extensions', [{}]],
  ])('leaves other values of %s to the schema', (property, values) => {
    for (const value of values) {
      expect([value, isPlainIndicator({ ...WHOLE, [property]: value })]).toEqual([value, false]);
    }
  });

  it.each([undefined, null, 7, 'indicator', [], [LEAST]])('does not take %j', (value) => {
    expect(isPlainIndicator(value)).toBe(false);
  });

  it('leaves to the schema what is missing though the number of properties is right', () => {
    const { labels: _, ...without } = WHOLE;
    expect(isPlainIndicator({ ...without, x_own: 1 })).toBe(false);
    expect(isPlainIndicator({ ...without, labels: undefined })).toBe(false);
  });

  it('does not change which patterns are refused', () => {
    const wrong = (object: object) => {
      const checked = checkObject(object);
      return checked.ok ? [] : checked.errors.map(({ code }) => code);
    };
    expect(wrong({ ...LEAST, pattern: '[domain-name:value = ]' })).toEqual(['pattern_syntax']);
    expect(wrong({ ...LEAST, pattern: "[file:hashes.MD5 = 'abc']" })).toEqual(['invalid_hash']);
    expect(wrong({ ...LEAST, pattern_type: 'sigma', pattern: ' ' })).toEqual(['pattern_empty']);
    expect(wrong({ ...LEAST, pattern_type: 'sigma', pattern: '[domain-name:value = ]' })).toEqual(
      [],
    );
  });
});
