import { describe, expect, it } from 'vitest';
import { passOn, readdressedFault, type Passing, type Seen } from './pass-on.ts';

const [CLEAR, GREEN, AMBER, STRICT, RED] = [0, 1, 2, 3, 4];
const seen = (overrides: Partial<Seen> = {}): Seen => ({
  tlp: GREEN,
  own: false,
  ended: false,
  ...overrides,
});
const passing = (overrides: Partial<Passing> = {}): Passing => ({
  inNameOf: 'identity--0c5e8d54-3c2f-4f3f-9bb2-6b1b7c8f3c11',
  isThatIdentity: false,
  tlp: GREEN,
  revoked: false,
  seen: [seen()],
  toItselfAlone: false,
  ...overrides,
});

describe('passOn', () => {
  it.each([
    [CLEAR, false, CLEAR],
    [GREEN, false, GREEN],
    [AMBER, false, 'producer_mismatch'],
    [AMBER, true, AMBER],
    [STRICT, true, 'producer_mismatch'],
    [RED, true, 'producer_mismatch'],
  ])('of TLP rank %i, to itself alone %s: %s', (tlp, toItselfAlone, expected) => {
    const one = passOn(passing({ tlp, toItselfAlone, seen: [seen({ tlp: CLEAR })] }));
    expect('code' in one ? one.code : one.tlp).toBe(expected);
    const other = passOn(passing({ tlp: CLEAR, toItselfAlone, seen: [seen({ tlp })] }));
    expect(other).toEqual(one);
  });

  it('goes by the strictest level of those at which it came', () => {
    const both = [seen({ tlp: CLEAR }), seen({ tlp: AMBER })];
    expect(passOn(passing({ seen: both }))).toMatchObject({ code: 'producer_mismatch' });
  });

  it('is refused for what is not seen, whatever its level', () => {
    const unseen = (tlp: number) => passOn(passing({ seen: [], tlp, toItselfAlone: true }));
    expect(unseen(CLEAR)).toMatchObject({ code: 'producer_mismatch', path: '$.created_by_ref' });
    expect(unseen(RED)).toEqual(unseen(CLEAR));
    const identity = passOn(passing({ seen: [], isThatIdentity: true }));
    expect(identity).toMatchObject({ code: 'producer_mismatch', path: '$.id' });
  });

  it('leaves alone what one shares already', () => {
    const own = [seen({ own: true, ended: true, tlp: AMBER })];
    expect(passOn(passing({ tlp: STRICT, seen: own }))).toEqual({ tlp: STRICT });
  });

  it('ends with the life of the object, save for its end itself', () => {
    const ended = [seen({ ended: true })];
    expect(passOn(passing({ seen: ended }))).toMatchObject({ code: 'revoked_is_final' });
    expect(passOn(passing({ seen: ended, revoked: true }))).toEqual({ tlp: GREEN });
    expect(passOn(passing({ seen: [...ended, seen()] }))).toEqual({ tlp: GREEN });
  });
});

describe('readdressedFault', () => {
  const to = (fromTlp: number, toTlp: number, audienceChanges = false, toItselfAlone = false) =>
    readdressedFault({ fromTlp, toTlp, audienceChanges, toItselfAlone });

  it.each([
    ['lower', to(GREEN, CLEAR), true],
    ['raised', to(GREEN, AMBER), false],
    ['as it is', to(AMBER, AMBER), false],
    ['green to others', to(GREEN, GREEN, true), false],
    ['amber to others', to(AMBER, AMBER, true), true],
    ['raised to amber and to others', to(GREEN, AMBER, true), true],
    ['amber to itself', to(AMBER, AMBER, true, true), false],
  ])('%s', (_, fault, isRefused) => {
    expect(fault?.code).toBe(isRefused ? 'producer_mismatch' : undefined);
  });
});
