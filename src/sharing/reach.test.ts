import { describe, expect, it } from 'vitest';
import { isKnown, partsFor, stepsOf, verdictOf, type Part, type Entitlement } from './reach.ts';

const STRANGER = { organisationId: 1, admin: false, audiences: [10, 20] };
const part = (facts: Partial<Part>): Part => ({
  id: 20,
  kind: 'group',
  slug: 'group',
  hiddenMembers: false,
  ownerIds: [],
  ...facts,
});
const entitlement = (facts: Partial<Entitlement> = {}): Entitlement => ({
  id: 2,
  slug: 'two',
  status: 'active',
  inRealm: true,
  ceiling: 2,
  partIds: [20],
  ...facts,
});

function verdict(facts: Partial<Entitlement>, one: Partial<Part> = {}, tlp = 2) {
  const parts = partsFor(STRANGER, [part(one)]);
  return verdictOf(stepsOf(entitlement(facts), { sharerId: 1, tlp, parts }));
}

describe('who is in a part', () => {
  it.each([
    ['an open book of members, to a member', {}, true],
    ['hidden members, to a member', { hiddenMembers: true }, false],
    ['hidden members, to an owner', { hiddenMembers: true, ownerIds: [1] }, true],
    ['a group that was left', { id: 21 }, false],
    ['a community', { id: 10, kind: 'community' as const }, true],
    ['a community that was left', { id: 11, kind: 'community' as const }, false],
    ['one organisation', { id: 30, kind: 'organisation' as const }, true],
  ])('%s', (_, facts, told) => {
    expect(partsFor(STRANGER, [part(facts)]).map((one) => one.told)).toEqual([told]);
    const admin = { ...STRANGER, admin: true };
    expect(partsFor(admin, [part(facts)]).map((one) => one.told)).toEqual([true]);
  });
});

describe('a verdict', () => {
  it.each([
    ['sees', {}, undefined],
    ['not_in_realm', { inRealm: false, ceiling: null }, 'not_in_realm'],
    ['not_active', { status: 'suspended', ceiling: null }, 'not_active'],
    ['no_agreement', { ceiling: null }, 'no_agreement'],
    ['not_in_audience', { partIds: [] }, 'not_in_audience'],
    ['ceiling_too_low', { ceiling: 1 }, 'ceiling_too_low'],
  ])('%s: the first condition that is not met', (_, facts, reason) => {
    expect(verdict(facts)).toMatchObject({ sees: reason === undefined, reason });
  });

  it.each([[{}], [{ ceiling: 1 }], [{ status: 'left' }], [{ ceiling: null }]])(
    'is the same in and out of a group whose members are hidden: %o',
    (facts) => {
      const hidden = { hiddenMembers: true };
      expect(verdict({ ...facts, partIds: [20] }, hidden)).toEqual(
        verdict({ ...facts, partIds: [] }, hidden),
      );
    },
  );

  it('is not told where only a hidden group decides', () => {
    expect(verdict({}, { hiddenMembers: true })).toMatchObject({ sees: null, reason: 'not_told' });
    const low = verdict({ ceiling: 1 }, { hiddenMembers: true });
    expect(low).toMatchObject({ sees: false, reason: 'ceiling_too_low' });
  });

  it('is given to the sharer by being that, as far as its ceiling reaches', () => {
    const own = { id: 1, slug: 'one', partIds: [] };
    expect(verdict(own)).toMatchObject({ sees: true, through: ['one'] });
    expect(verdict(own, {}, 3)).toMatchObject({ sees: false, reason: 'ceiling_too_low' });
  });
});

describe('an organisation that does not take part', () => {
  it('is known to admins, to itself and to callers that name it', () => {
    const suspended = entitlement({ status: 'suspended' });
    const named = part({ kind: 'organisation', slug: 'two' });
    expect(isKnown(STRANGER, suspended, [part({})])).toBe(false);
    expect(isKnown(STRANGER, suspended, [named])).toBe(true);
    expect(isKnown({ ...STRANGER, admin: true }, suspended, [])).toBe(true);
    expect(isKnown({ ...STRANGER, organisationId: 2 }, suspended, [])).toBe(true);
    const outside = { ...suspended, status: 'active', inRealm: false };
    expect(isKnown({ ...STRANGER, admin: true }, outside, [named])).toBe(false);
  });
});
