import { describe, expect, it } from 'vitest';
import { contentHash } from '../json/canonical.ts';
import { checkObject } from '../check/check.ts';
import type { StixObject } from '../object.ts';
import { TLP_2_IDS, TLP_ORDER, tlpOfMarking, type Tlp } from './tlp.ts';
import {
  referencedRank,
  referencesAt,
  TLP_2_DEFINITIONS,
  withTlpReference,
  withoutTlpReferences,
} from './tlp-reference.ts';

const WHITE_1 = 'marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9';
const GREEN_1 = 'marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da';
const AMBER_1 = 'marking-definition--f88d31f6-486f-44da-b317-01333bde0b82';
const STRICT_CTI = 'marking-definition--826578e1-40ad-459f-bc73-ede076f81f37';
const OWN = 'marking-definition--11111111-2222-4333-8444-555555555555';
const { green, amber, red, 'amber+strict': strict } = TLP_2_IDS;

function anObject(refs?: readonly string[], more: object = {}): StixObject {
  return {
    type: 'indicator',
    id: 'indicator--5a2b1c3d-0000-4000-8000-000000000001',
    ...(refs === undefined ? {} : { object_marking_refs: refs }),
    name: 'x',
    ...more,
  };
}

function served(object: StixObject, tlp: Tlp): StixObject {
  const content = JSON.stringify(object);
  const text = withTlpReference(content, referencesAt(content, object), TLP_ORDER.indexOf(tlp));
  return JSON.parse(text) as StixObject;
}

it('knows the five markings of TLP 2.0 and their definitions', () => {
  for (const [rank, tlp] of TLP_ORDER.entries()) {
    expect(tlpOfMarking(TLP_2_IDS[tlp])).toBe(tlp);
    const definition = JSON.parse(TLP_2_DEFINITIONS[rank] ?? '') as object;
    expect(checkObject(definition)).toMatchObject({ ok: true });
    expect(definition).toMatchObject({ id: TLP_2_IDS[tlp], name: `TLP:${tlp.toUpperCase()}` });
  }
});

it.each<[string, readonly string[] | undefined, Tlp, readonly string[]]>([
  ['none', undefined, 'amber', [amber]],
  ['the very one', [amber], 'amber', [amber]],
  ['a lower one of TLP 2.0', [green], 'amber+strict', [strict]],
  ['a lower one of TLP 1', [GREEN_1], 'amber+strict', [strict]],
  ['the same level of TLP 1', [AMBER_1], 'amber', [AMBER_1, amber]],
  ['the same level as OpenCTI writes it', [STRICT_CTI], 'amber+strict', [STRICT_CTI, strict]],
  ['several', [WHITE_1, OWN, green, AMBER_1], 'red', [OWN, red]],
  ['a lower one beside the level', [green, strict], 'amber+strict', [strict]],
  ['a marking of its own', [OWN], 'green', [OWN, green]],
  ['capitals', [green.replace('bab4a63c', 'BAB4A63C')], 'amber', [amber]],
])('gives an object the reference of its level where it has %s', (_, refs, tlp, expected) => {
  const object = anObject(refs);
  const { object_marking_refs: marks, ...rest } = served(object, tlp);
  expect(marks).toEqual(expected);
  const { object_marking_refs: __, ...before } = object;
  expect(rest).toEqual(before);
});

describe('finds the references of the object itself', () => {
  const nested = {
    x_copy: { object_marking_refs: [green], deep: [{ object_marking_refs: [red] }] },
  };
  const quoted = { description: '"object_marking_refs":["' };
  it.each<[string, StixObject]>([
    [
      'behind those of a nested object',
      { ...anObject(undefined, nested), object_marking_refs: [OWN] },
    ],
    ['before those of a nested object', anObject([OWN], nested)],
    ['with none of its own beside nested ones', anObject(undefined, nested)],
    [
      'beside a text that looks like them',
      { ...anObject(undefined, quoted), object_marking_refs: [OWN] },
    ],
    [
      'behind a key named as a prototype',
      JSON.parse(
        `{"type":"x-a","id":"x-a--1","__proto__":{"object_marking_refs":["${red}"]},"7":1,"object_marking_refs":["${OWN}"],"z":{"object_marking_refs":["${red}"]}}`,
      ) as StixObject,
    ],
    ['in texts of several bytes a character', anObject([OWN], { description: '😀 é "' })],
  ])('%s', (_, object) => {
    const marked = served(object, 'amber');
    const own = (object['object_marking_refs'] ?? []) as string[];
    expect(marked['object_marking_refs']).toEqual([...own, amber]);
    expect({ ...marked, object_marking_refs: own }).toEqual({
      ...object,
      object_marking_refs: own,
    });
  });
});

it('keeps the hash of an object whatever its level is served as', () => {
  for (const refs of [undefined, [green], [GREEN_1], [OWN], [OWN, AMBER_1]]) {
    const object = anObject(refs);
    const hash = contentHash(withoutTlpReferences(object));
    for (const tlp of ['amber', 'amber+strict', 'red'] as const) {
      const back = served(object, tlp);
      expect(contentHash(withoutTlpReferences(back))).toBe(hash);
      expect(referencedRank(back)).toBe(TLP_ORDER.indexOf(tlp));
    }
  }
  const changed = withoutTlpReferences(anObject([OWN]));
  expect(contentHash(changed)).not.toBe(contentHash(withoutTlpReferences(anObject())));
});

it('never holds on to the texts that it has read', () => {
  // More kinds of lists than are remembered come out right.
  for (let i = 0; i < 2100; i++) {
    const own = `marking-definition--00000000-0000-4000-8000-${String(i).padStart(12, '0')}`;
    expect(served(anObject([own, green]), 'amber')['object_marking_refs']).toEqual([own, amber]);
  }
});
