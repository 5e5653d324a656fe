import { describe, expect, it } from 'vitest';
import { duesOf, writeActs } from '../../demo/acts.ts';
import { checkObject } from '../../src/stix/check/check.ts';
import { markedBy } from '../../src/stix/marking/marking.ts';

const AUTHOR = 'identity--11111111-1111-4111-8111-111111111111';
const DOCUMENTATION =
  /^\[(email-addr:value = '[a-z0-9-]+@example\.net'|mutex:name = 'demo-\d{4}'|domain-name:value = '[a-z0-9-]+\.example\.com'|url:value = 'https:\/\/[a-z0-9-]+\.example\.org\/[a-z.]+'|file:hashes\.'SHA-256' = '[0-9a-f]{64}')\]$/;

const acts = writeActs(AUTHOR);
const shared = acts.flatMap((act) => act.shared);

describe('what the demo posts', () => {
  it('is valid STIX, marked as it says, on values kept for documentation', () => {
    expect(shared.length).toBeGreaterThan(1000);
    for (const { tlp, indicator } of shared) {
      expect(checkObject(indicator).ok).toBe(true);
      expect(markedBy(indicator, new Map()).tlp).toBe(tlp);
      expect(indicator.pattern).toMatch(DOCUMENTATION);
    }
  });

  it('has no value and no version twice, but for the two newer versions', () => {
    expect(new Set(shared.map(({ indicator }) => indicator.pattern)).size).toBe(shared.length - 2);
    expect(new Set(shared.map(({ indicator }) => indicator.id)).size).toBe(shared.length - 2);
  });

  it('is the same at every run', () => {
    expect(writeActs(AUTHOR)).toEqual(acts);
  });

  it('never owes TLP:RED to a machine, and in the last act something to everybody', () => {
    const slugs = ['cert-aurelia', 'cert-borealis', 'cert-cascadia', 'meridian-energy'];
    const red = acts.find((act) => act.shared.some(({ tlp }) => tlp === 'red'));
    for (const slug of slugs) {
      expect(red === undefined ? ['there is none'] : duesOf(red, slug)).toEqual([]);
      expect(duesOf(acts.at(-1) ?? Object.assign({}, red), slug)).toHaveLength(1);
    }
  });
});
