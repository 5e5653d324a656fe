import { describe, expect, it } from 'vitest';
import { addMeaning, markedBy, meaningOf, ownMarkingsIn, type Meaning } from './marking.ts';

const EXTENSION = 'extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d';
const OWN = 'marking-definition--6f6c7e0a-0c52-4b1f-9a59-3d0a5b7c1e11';
const OTHER = 'marking-definition--7f6c7e0a-0c52-4b1f-9a59-3d0a5b7c1e11';
const GREEN = 'marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb';
const WHITE = 'marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9';
const RED = 'marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1';
const OPENCTI = 'marking-definition--826578e1-40ad-459f-bc73-ede076f81f37';

describe('meaningOf', () => {
  it.each([
    [{ definition_type: 'tlp', definition: { tlp: 'white' } }, 'clear'],
    [{ definition_type: 'TLP', definition: { TLP: 'TLP:AMBER' } }, 'amber'],
    [{ extensions: { [EXTENSION]: { tlp_2_0: 'amber+strict' } } }, 'amber+strict'],
    [{ definition_type: 'TLP', name: 'TLP:AMBER+STRICT' }, 'amber+strict'],
    [{ definition_type: 'TLP', name: 'AMBER+STRICT' }, 'amber+strict'],
    [
      {
        definition_type: 'statement',
        definition: { statement: 'custom' },
        x_opencti_definition_type: 'TLP',
        x_opencti_definition: 'TLP:AMBER+STRICT',
      },
      'amber+strict',
    ],
    [{ definition_type: 'statement', definition: { statement: 'TLP:RED for the board' } }, 'red'],
    [{ definition_type: 'statement', definition: 'TLP:RED' }, 'red'],
    [{ name: 'TLP:GREEN', definition: { tlp: 'red' } }, 'red'],
    [{ definition_type: 'tlp', definition: { tlp: 'purple' } }, 'unknown'],
    [{ definition_type: 'tlp', definition: { tlp: 3 } }, 'unknown'],
    [{ definition_type: 'tlp' }, 'unknown'],
    [{ definition: { statement: 'Copyright' }, name: 'red' }, 'none'],
    [{ definition: null, extensions: null }, 'none'],
    [{ extensions: { [EXTENSION]: null } }, 'none'],
  ])('of %j is %s', (definition, meaning) => {
    expect(meaningOf(definition)).toBe(meaning);
  });

  it('of two definitions of one id, in any case, is the stricter', () => {
    const define = (id: string, tlp: string) => ({
      type: 'marking-definition',
      id,
      definition: { tlp },
    });
    for (const levels of [
      ['red', 'green'],
      ['green', 'red'],
      ['red', 'purple'],
    ]) {
      const meanings = new Map<string, Meaning>();
      const ids = [OWN, OWN.toUpperCase()];
      levels.forEach((level, i) => addMeaning(meanings, define(ids[i] ?? '', level)));
      addMeaning(meanings, { type: 'marking-definition', id: OWN, definition: { statement: '' } });
      expect([...meanings]).toEqual([[OWN, 'red']]);
    }
  });

  it('is nobody’s who has no id or is something else', () => {
    const meanings = new Map<string, Meaning>();
    for (const object of [null, 7, [], { type: 'marking-definition' }, { type: 'tool', id: OWN }]) {
      addMeaning(meanings, object);
    }
    expect(meanings.size).toBe(0);
  });
});

describe('markedBy', () => {
  const meanings = new Map<string, Meaning>([
    [OWN, 'red'],
    [OTHER, 'none'],
  ]);
  it.each<[object: object, tlp: string | undefined, doubts?: string[]]>([
    [{}, undefined],
    [{ object_marking_refs: [GREEN] }, 'green'],
    [{ object_marking_refs: [RED, GREEN] }, 'red'],
    [{ object_marking_refs: [OPENCTI.toUpperCase()] }, 'amber+strict'],
    [{ object_marking_refs: [WHITE], granular_markings: [{ marking_ref: RED }] }, 'red'],
    [{ object_marking_refs: [GREEN, OTHER], granular_markings: [{ lang: 'en' }] }, 'green'],
    [{ object_marking_refs: [OWN.toUpperCase()] }, 'red'],
    [{ object_marking_refs: [GREEN], labels: ['apt', ' TLP:Amber+Strict'] }, 'amber+strict'],
    [{ indicator_types: ['benign', 'tlp:red'] }, 'red'],
    [{ object_marking_refs: 'red', granular_markings: 7, labels: 'tlp:red' }, 'red'],
    [{ tlp: 'red' }, 'red'],
    [{ x_tlp: ['green', 'TLP:AMBER'], labels: ['tlp:green'] }, 'amber'],
    [{ x_acme_tlp_level: 'AMBER+STRICT' }, 'amber+strict'],
    [{ label: ['tlp:red'] }, 'red'],
    [{ Tags: 'tlp:amber', x_misp_tags: ['apt'] }, 'amber'],
    [{ tlp: 3 }, undefined, ['tlp_unknown $.tlp']],
    [{ tlp: 'purple', name: 'tlp:red', x_stage: 'tlp:red' }, undefined, ['tlp_unknown $.tlp']],
    [{ object_marking_refs: [7, null], granular_markings: [null, 7, 'x'], labels: [7] }, undefined],
    [{ labels: ['tlp:clear', 'tlp:purple'] }, 'clear', ['tlp_unknown $.labels[1]']],
    [
      {
        object_marking_refs: [GREEN, `${OTHER.slice(0, -1)}2`],
        granular_markings: [{ marking_ref: `${OTHER.slice(0, -1)}3` }],
      },
      'green',
      [
        'marking_unknown $.object_marking_refs[1]',
        'marking_unknown $.granular_markings[0].marking_ref',
      ],
    ],
  ])('%j is %s', (object, tlp, doubts = []) => {
    const marked = markedBy(object, meanings);
    expect(marked.tlp).toBe(tlp);
    expect(marked.doubts.map(({ code, path }) => `${code} ${path}`)).toEqual(doubts);
  });

  it('doubts a marking whose definition says TLP and nothing more', () => {
    const { doubts } = markedBy({ object_marking_refs: [OWN] }, new Map([[OWN, 'unknown']]));
    expect(doubts).toMatchObject([{ code: 'tlp_unknown', path: '$.object_marking_refs[0]' }]);
  });
});

it('names the markings that no specification explains', () => {
  expect(ownMarkingsIn({ object_marking_refs: [GREEN, OWN, OPENCTI] })).toEqual([OWN]);
  expect(ownMarkingsIn({ type: 'marking-definition', id: OTHER })).toEqual([OTHER]);
  expect(ownMarkingsIn({ type: 'marking-definition', id: GREEN })).toEqual([]);
  expect(ownMarkingsIn({ type: 'tool', id: OTHER })).toEqual([]);
  expect(ownMarkingsIn(7)).toEqual([]);
});
