import { describe as group, expect, it } from 'vitest';
import { Unreadable } from './bundle/text.ts';
import { describe, isFault, type Description, type Surroundings } from './describe.ts';
import { EXERCISE_EXTENSION } from './exercise.ts';
import { TLP_2_IDS } from './marking/tlp.ts';

const SURROUNDINGS: Surroundings = {
  meanings: new Map(),
  exercise: undefined,
  charactersMax: 10_000,
  now: new Date('2030-01-01T00:00:00.000Z'),
};

const INDICATOR = {
  type: 'indicator',
  spec_version: '2.1',
  id: 'indicator--3f0b1a52-4b0a-4c6b-9a43-9d1f6b0a7c11',
  created_by_ref: 'identity--0b6a3a0e-2a4b-4d6e-8a39-0d6f1c5b7e22',
  created: '2026-01-01T00:00:00.000Z',
  modified: '2026-01-02T00:00:00.000Z',
  valid_from: '2026-01-01T00:00:00.000Z',
  valid_until: '2026-06-01T00:00:00.000Z',
  confidence: 80,
  labels: ['c2'],
  pattern_type: 'stix',
  pattern: "[domain-name:value = 'Command.Example.com']",
  object_marking_refs: [TLP_2_IDS.green],
};

function described(value: object, changed: Partial<Surroundings> = {}): Description {
  const found = describe(value, { ...SURROUNDINGS, ...changed });
  if (isFault(found)) throw new Error(`${found.code}: ${found.detail}`);
  return found;
}

group('describe', () => {
  it('gives all that the language says of an indicator', () => {
    expect(described(INDICATOR)).toEqual({
      object: INDICATOR,
      content: JSON.stringify(INDICATOR),
      version: '2026-01-02T00:00:00.000000Z',
      revoked: false,
      confidence: 80,
      labels: ['c2'],
      validUntil: '2026-06-01T00:00:00.000000Z',
      names: [INDICATOR.created_by_ref],
      links: [],
      createdByRef: INDICATOR.created_by_ref,
      level: 'green',
      levelAt: ['object_marking_refs', 0],
      doubts: [],
      referencedTlp: 1,
      referencesAt: JSON.stringify(INDICATOR).indexOf(TLP_2_IDS.green) - 1,
      contentHash: expect.stringMatching(/^[0-9a-f]{64}$/),
      contentKey: expect.stringMatching(/^[0-9a-f]{32}$/),
      observables: [
        {
          kind: 'domain-name',
          value: 'command.example.com',
          key: expect.stringMatching(/^[0-9a-f]{32}$/),
          domain: 'com.example.command.',
          role: 'sole',
        },
      ],
      references: [INDICATOR.created_by_ref, TLP_2_IDS.green],
      warnings: [],
    });
  });

  it('gives an object that is marked otherwise the same hash, and one that says something else another', () => {
    const { contentHash } = described(INDICATOR);
    const amber = { ...INDICATOR, object_marking_refs: [TLP_2_IDS.amber] };
    expect(described(amber).contentHash).toBe(contentHash);
    expect(described({ ...INDICATOR, confidence: 81 }).contentHash).not.toBe(contentHash);
  });

  it('names an identity as its own creator', () => {
    const { created_by_ref: id } = INDICATOR;
    const identity = {
      type: 'identity',
      spec_version: '2.1',
      id,
      created: INDICATOR.created,
      modified: INDICATOR.modified,
      name: 'CERT A',
      identity_class: 'organization',
    };
    expect(described(identity)).toMatchObject({ names: [id], createdByRef: id, level: undefined });
  });

  it('marks what is shared in an exercise, and takes the mark of one that comes back', () => {
    const exercise = { realm: 'drill', name: 'Drill' };
    const marked = described(INDICATOR, { exercise });
    const mark = { extension_type: 'property-extension', realm: 'drill', exercise: 'Drill' };
    expect(JSON.parse(marked.content)).toEqual({
      ...INDICATOR,
      extensions: { [EXERCISE_EXTENSION]: mark },
    });
    expect(marked.object).toEqual(INDICATOR);
    const again = described(JSON.parse(marked.content) as object, { exercise });
    expect(again).toEqual(marked);
  });

  it('says of markings what is known of them, and doubts the others', () => {
    const id = 'marking-definition--5d3c9c58-7b0c-4a4e-8f8f-0c6a8b5b1f33';
    const object = { ...INDICATOR, object_marking_refs: [id] };
    expect(described(object, { meanings: new Map([[id, 'red']]) }).level).toBe('red');
    const unknown = described(object);
    expect(unknown.level).toBeUndefined();
    expect(unknown.doubts.map(({ code }) => code)).toEqual(['marking_unknown']);
    expect(unknown.warnings).toEqual(unknown.doubts);
  });

  it('warns of a version in the future, where somebody reads the warnings', () => {
    const late = { ...INDICATOR, modified: '2031-01-01T00:00:00.000Z' };
    expect(described(late).warnings.map(({ code }) => code)).toEqual(['modified_in_future']);
    expect(described(late, { now: undefined }).warnings).toEqual([]);
  });
});

group('what cannot be described', () => {
  it('has the code of its first fault, and its id', () => {
    const { id } = INDICATOR;
    const fault = describe({ ...INDICATOR, pattern: '[' }, SURROUNDINGS);
    expect(fault).toMatchObject({ id, code: 'pattern_syntax', path: '$.pattern' });
    expect(describe('text', SURROUNDINGS)).toMatchObject({ id: undefined, code: 'not_an_object' });
  });

  it('has the fault of what could not be read', () => {
    const fault = { code: 'lone_surrogate', path: '$.name', detail: 'a lone surrogate' };
    const unreadable = new Unreadable(fault, INDICATOR.id);
    expect(describe(unreadable, SURROUNDINGS)).toEqual({ ...fault, id: INDICATOR.id });
  });

  it('is too large, unless it is its references that are long', () => {
    const description = 'x'.repeat(2000);
    const charactersMax = 1500;
    expect(
      describe({ ...INDICATOR, description }, { ...SURROUNDINGS, charactersMax }),
    ).toMatchObject({ id: INDICATOR.id, code: 'object_too_large', path: '$' });
    const refs = Array.from({ length: 50 }, () => TLP_2_IDS.green);
    const many = { ...INDICATOR, object_marking_refs: refs };
    expect(isFault(describe(many, { ...SURROUNDINGS, charactersMax }))).toBe(false);
  });
});
