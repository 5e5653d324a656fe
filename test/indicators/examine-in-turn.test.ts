import { expect, it } from 'vitest';
import { examineAll } from '../../src/indicators/examine-all.ts';
import type { Terms } from '../../src/indicators/judge.ts';

const TERMS: Terms = {
  exercise: undefined,
  defaultTlp: 2,
  meanings: new Map(),
  unknownTlp: 'warn',
  moreFollow: false,
  shareCeiling: 3,
  namesOrganisations: false,
  othersIdentities: new Set(),
  charactersMax: 1_000_000,
  now: undefined,
};

const ORGANISATION = {
  slug: 'cert',
  name: 'CERT',
  status: 'active',
  identities: [],
  defaultTlp: 2,
  defaultCommunityId: null,
};

/** Examines so much junk of one organisation, and notes when it is done. */
async function examineJunk(organisation: number, count: number, noted: number[]): Promise<void> {
  const member = { organisation: { ...ORGANISATION, id: organisation } };
  const junk = Array.from({ length: count }, () => ({ type: 'x' }));
  const { rejections } = await examineAll({ objects: junk }, TERMS, member);
  expect(rejections).toHaveLength(count);
  noted.push(organisation);
}

it('large requests of one organisation do not hold up those of another', async () => {
  const noted: number[] = [];
  const greedy = Array.from({ length: 12 }, () => examineJunk(1, 2500, noted));
  const modest = examineJunk(2, 2500, noted);
  await Promise.all([...greedy, modest]);
  // Both organisations get as much; of the greedy one, all but one wait meanwhile.
  expect(noted.indexOf(2)).toBeLessThanOrEqual(3);
});
