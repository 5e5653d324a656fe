import { describe, expect, it } from 'vitest';
import { checkObject } from '../check/check.ts';
import { completeCopy, predefinedFault, predefinedMarking } from './predefined-marking.ts';

const TLP_2 = 'extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d';
const WHITE = 'marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9';
const CLEAR = 'marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487';
const RED = 'marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1';
const STRICT = 'marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003';
const OPENCTI = 'marking-definition--826578e1-40ad-459f-bc73-ede076f81f37';
const OWN = 'marking-definition--00000000-0000-4000-8000-000000000000';

interface Definition {
  readonly id: string;
  readonly [property: string]: unknown;
}

const COPIES: Definition[] = [
  { id: WHITE, definition_type: 'tlp', definition: { tlp: 'white' } },
  { id: WHITE, definition_type: 'tlp', name: 'TLP:WHITE', definition: { tlp: 'white' } },
  { id: WHITE, definition_type: 'tlp', name: 'TLP:CLEAR', definition: { tlp: 'white' } },
  { id: WHITE, definition_type: 'TLP', definition: { TLP: 'TLP:WHITE' } },
  { id: WHITE, definition_type: 'tlp', definition: { tlp: 'white' }, x_opencti_order: 1 },
  { id: WHITE, definition_type: 'tlp', name: 'TLP:WHITE' },
  { id: WHITE },
  { id: WHITE.toUpperCase().replace('MARKING-DEFINITION', 'marking-definition') },
  {
    id: CLEAR,
    extensions: { [TLP_2]: { extension_type: 'property-extension', tlp_2_0: 'clear' } },
  },
  { id: CLEAR, definition_type: 'tlp', definition: { tlp: 'clear' }, name: 'TLP:CLEAR' },
  { id: STRICT, definition_type: 'tlp', definition: { tlp: 'amber_strict' } },
  {
    id: OPENCTI,
    definition_type: 'statement',
    definition: { statement: 'custom' },
    x_opencti_definition_type: 'TLP',
    x_opencti_definition: 'TLP:AMBER+STRICT',
  },
  { id: OPENCTI, definition_type: 'TLP', name: 'TLP:AMBER+STRICT' },
];

const OTHERS: Definition[] = [
  { id: WHITE, definition_type: 'tlp', definition: { tlp: 'clear' } },
  { id: WHITE, definition_type: 'tlp', definition: { tlp: 'red' } },
  { id: WHITE, definition_type: 'statement', definition: { statement: 'TLP:WHITE' } },
  { id: CLEAR, definition_type: 'tlp', definition: { tlp: 'white' } },
  { id: RED, extensions: { [TLP_2]: { tlp_2_0: 'clear' } } },
  { id: RED, extensions: { [TLP_2]: 7 } },
  { id: RED, extensions: { [OWN]: {} } },
  { id: RED, extensions: 7 },
  { id: RED, name: 'TLP:GREEN' },
  { id: RED, name: 7 },
  { id: RED, definition_type: 'tlp', definition: { tlp: 'red', statement: 'for all' } },
  { id: RED, definition_type: 'tlp', definition: 7 },
  { id: RED, definition_type: 'iep' },
  { id: RED, x_opencti_definition: 'TLP:CLEAR' },
  { id: RED, description: 'for all' },
  { id: OPENCTI, definition_type: 'statement', definition: { statement: 'TLP:GREEN' } },
];

const definition = (more: object) => ({ type: 'marking-definition', spec_version: '2.1', ...more });

describe('a predefined marking', () => {
  it.each(COPIES)('is known in the spelling %j', (copy) => {
    const given = definition(copy);
    const { id } = copy;
    expect(predefinedFault({ ...given, id })).toBeUndefined();
    const checked = checkObject(given);
    expect(checked).toMatchObject({ ok: true, object: { id: id.toLowerCase() } });
    if (checked.ok) expect(checkObject(checked.object).ok).toBe(true);
  });

  it.each(OTHERS)('is not %j', (other) => {
    expect(predefinedFault(other)).toContain('and nothing else');
    const created = predefinedMarking(other.id)?.['created'];
    const codes = checkObject(definition({ created, ...other }));
    expect(codes.ok).toBe(false);
    expect(completeCopy(definition(other))).toBeUndefined();
  });

  it('has a definition of its own that is valid', () => {
    for (const id of [WHITE, CLEAR, RED, STRICT, OPENCTI]) {
      const known = predefinedMarking(id);
      expect(checkObject(known)).toMatchObject({ ok: true, warnings: [] });
      expect(predefinedFault({ ...known, id })).toBeUndefined();
    }
    expect(predefinedMarking(OWN)).toBeUndefined();
    expect(predefinedFault({ id: OWN })).toBeUndefined();
  });

  it('is given back as it was posted where that is whole', () => {
    const copy = definition({
      id: WHITE,
      created: '2020-01-01T00:00:00.000Z',
      definition_type: 'tlp',
      definition: { tlp: 'white' },
    });
    const checked = checkObject(copy);
    expect(checked.ok && checked.object).toBe(copy);
  });
});
