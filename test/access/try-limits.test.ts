import { describe, expect, it } from 'vitest';
import { narrowNetwork, wideNetwork } from '../../src/networks.ts';
import { createTryLimits, type TryLimits } from '../../src/access/try-limits.ts';

/** How many of so many tries are let through, all made at once. */
async function letThrough(limits: TryLimits, addresses: readonly string[]): Promise<number> {
  const tries = addresses.map((address) => limits.begin({ address }));
  const outcomes = await Promise.allSettled(tries);
  return outcomes.filter(({ status }) => status === 'fulfilled').length;
}

const times = (count: number, of: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => of(index));

describe('tries of one network', () => {
  it('are limited for an address and, further, for the network around it', async () => {
    const limits = createTryLimits(10);
    expect(
      await letThrough(
        limits,
        times(30, () => '192.0.2.1'),
      ),
    ).toBe(10);
    expect(
      await letThrough(
        limits,
        times(90, (i) => `192.0.2.${i + 2}`),
      ),
    ).toBe(30);
    expect(await letThrough(limits, ['198.51.100.1'])).toBe(1);
  });

  it('are limited for an IPv6 /64 and its /48', async () => {
    const limits = createTryLimits(10);
    expect(
      await letThrough(
        limits,
        times(30, (i) => `2001:db8:0:1::${i + 1}`),
      ),
    ).toBe(10);
    expect(
      await letThrough(
        limits,
        times(90, (i) => `2001:db8:0:${i + 2}::1`),
      ),
    ).toBe(30);
    expect(await letThrough(limits, ['2001:db8:1::1'])).toBe(1);
  });

  it('do not count when they succeed, and a rejected one uses up nothing around', async () => {
    const limits = createTryLimits(2);
    const source = { address: '192.0.2.1' };
    for (let i = 0; i < 20; i++) {
      await limits.begin(source);
      await limits.succeed(source);
    }
    expect(
      await letThrough(
        limits,
        times(50, () => '192.0.2.1'),
      ),
    ).toBe(2);
    expect(await letThrough(limits, ['192.0.2.2', '192.0.2.2'])).toBe(2);
  });

  it('say how long to wait', async () => {
    const limits = createTryLimits(1);
    await limits.begin({ address: '192.0.2.1' });
    const error: unknown = await limits.begin({ address: '192.0.2.1' }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'too_many_attempts' });
    expect(error).toHaveProperty('extra.retry_after', expect.any(Number));
  });

  it('of an account on a known device do not count for its network', async () => {
    const limits = createTryLimits(1);
    await limits.begin({ address: '192.0.2.1' });
    await limits.begin({ account: 'ada@example.org' });
    await expect(limits.begin({ account: 'ada@example.org' })).rejects.toMatchObject({
      code: 'too_many_attempts',
    });
  });
});

it.each([
  ['192.0.2.1', 'ipv4 192.0.2.1/32', 'ipv4 192.0.2/24'],
  ['::ffff:192.0.2.1', 'ipv4 192.0.2.1/32', 'ipv4 192.0.2/24'],
  ['2001:db8:0:1::9', 'ipv6 32.1.13.184.0.0.0.1/64', 'ipv6 32.1.13.184.0.0/48'],
  ['no address', '', ''],
])('%s is in %s and %s', (address, narrow, wide) => {
  expect([narrowNetwork(address), wideNetwork(address)]).toEqual([narrow, wide]);
});
