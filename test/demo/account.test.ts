import { describe, expect, it } from 'vitest';
import { Account } from '../../demo/account.ts';

const VERSIONS = ['indicator--a 2026', 'indicator--b 2026'];

function account(): Account {
  const made = new Account('cert-b', 'webhook');
  made.expect(VERSIONS);
  return made;
}

function receipt(versions: string[], atMs = 1000, withdrawn: string[] = []) {
  return { versions, withdrawn, atMs };
}

describe('the book of an organisation', () => {
  it('is in order when exactly what was expected came', () => {
    const exact = account();
    exact.receive(receipt(VERSIONS));
    expect(exact.faults).toEqual([]);
  });

  it('names what is missing', () => {
    const short = account();
    short.receive(receipt(['indicator--a 2026']));
    expect(short.faults).toEqual(['cert-b (webhook): 1 missing: indicator--b 2026']);
  });

  it('names what leaked', () => {
    const leaky = account();
    leaky.receive(receipt([...VERSIONS, 'indicator--secret 2026']));
    expect(leaky.faults).toEqual(['cert-b (webhook): 1 leaked: indicator--secret 2026']);
  });

  it('takes an older version for another thing than the one expected', () => {
    const stale = account();
    stale.receive(receipt(['indicator--a 2025', 'indicator--b 2026']));
    expect(stale.faults).toHaveLength(2);
  });

  it('does not suffer a POST that could not be verified', () => {
    const forged = account();
    forged.receive(receipt(VERSIONS));
    forged.refuse('the signature is wrong');
    expect(forged.faults).toEqual([
      'cert-b (webhook): 1 POSTs not verified: the signature is wrong',
    ]);
  });

  it('requires that the forgery was rejected', () => {
    const tried = account();
    tried.receive(receipt(VERSIONS));
    tried.expectForgery();
    expect(tried.faults).toEqual(['cert-b (webhook): accepted a forged POST']);
    tried.refuse('the signature is wrong');
    expect(tried.faults).toEqual([]);
  });

  it('does not expect anything to be withdrawn', () => {
    const withdrawn = account();
    withdrawn.receive(receipt(VERSIONS, 1000, ['indicator--a']));
    expect(withdrawn.faults).toEqual(['cert-b (webhook): 1 withdrawn: indicator--a']);
  });

  it('counts what comes twice once, by its first time', () => {
    const twice = account();
    twice.receive(receipt(VERSIONS, 1010));
    twice.receive(receipt(VERSIONS, 1900));
    expect(twice.received).toBe(2);
    expect(twice.timed(VERSIONS, 1000)).toEqual({ p50Ms: 10, p99Ms: 10, lastMs: 10 });
    expect(twice.faults).toEqual([]);
  });

  it('tells how fast things came; what was there before the answer counts as 0', () => {
    const timed = new Account('cert-b', 'webhook');
    const versions = Array.from({ length: 100 }, (_, i) => `indicator--${i} 2026`);
    for (const [i, version] of versions.entries()) timed.receive(receipt([version], 990 + i));
    expect(timed.timed(versions, 1000)).toEqual({ p50Ms: 39, p99Ms: 88, lastMs: 89 });
    expect(timed.timed(['indicator--0 2026'], 1000)).toEqual({ p50Ms: 0, p99Ms: 0, lastMs: 0 });
  });
});
