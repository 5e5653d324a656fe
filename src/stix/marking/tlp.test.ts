import { describe, expect, it } from 'vitest';
import { TLP_ORDER, tlpOfMarking, tlpRank } from './tlp.ts';

const TLP1 = {
  white: 'marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9',
  green: 'marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da',
  amber: 'marking-definition--f88d31f6-486f-44da-b317-01333bde0b82',
  red: 'marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed',
};
const TLP2 = {
  clear: 'marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487',
  green: 'marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb',
  amber: 'marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421',
  'amber+strict': 'marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003',
  red: 'marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1',
};
describe('the predefined markings', () => {
  it.each(Object.entries(TLP2))('%s', (tlp, id) => {
    expect(tlpOfMarking(id)).toBe(tlp);
    expect(tlpOfMarking(id.toUpperCase().replace('MARKING-DEFINITION', 'marking-definition'))).toBe(
      tlp,
    );
  });

  it.each(Object.entries(TLP1))('TLP 1 %s', (tlp, id) => {
    expect(tlpOfMarking(id)).toBe(tlp === 'white' ? 'clear' : tlp);
  });

  it('has an alias that OpenCTI uses', () => {
    expect(tlpOfMarking('marking-definition--826578e1-40ad-459f-bc73-ede076f81f37')).toBe(
      'amber+strict',
    );
  });

  it('knows no others', () => {
    expect(
      tlpOfMarking('marking-definition--00000000-0000-4000-8000-000000000000'),
    ).toBeUndefined();
  });

  it('ranks them', () => {
    expect(TLP_ORDER.map(tlpRank)).toEqual([0, 1, 2, 3, 4]);
  });
});
