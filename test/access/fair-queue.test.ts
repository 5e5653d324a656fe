import { describe, expect, it, vi } from 'vitest';
import { createFairQueue, type QueueLimits } from '../../src/access/fair-queue.ts';

const LIMITS: QueueLimits = { running: 1, waiting: 6, waitingPerSource: 4, waitMs: 60_000 };

/** A queue whose works end one by one, by hand; `order` names those that have started. */
function queueOf(limits: Partial<QueueLimits> = {}) {
  const queue = createFairQueue({ ...LIMITS, ...limits });
  const order: string[] = [];
  const finish: (() => void)[] = [];
  const asks = async (name: string, known = false, label = name): Promise<string> => {
    try {
      await queue({ name, known }, async () => {
        order.push(label);
        await new Promise<void>((resolve) => finish.push(resolve));
      });
      return 'done';
    } catch (error) {
      return (error as { code: string }).code;
    }
  };
  const drain = async (count: number): Promise<void> => {
    for (let ended = 0; ended < count; ended++) {
      await vi.waitFor(() => expect(finish.length).toBeGreaterThan(ended));
      finish[ended]?.();
    }
  };
  return { asks, drain, order };
}

describe('a fair queue', () => {
  it('runs so many at once, and hands each place on', async () => {
    const { asks, drain, order } = queueOf({ running: 2 });
    const all = ['a', 'b', 'c', 'd'].map((name) => asks(name));
    expect(order).toEqual(['a', 'b']);
    await drain(4);
    expect(await Promise.all(all)).toEqual(['done', 'done', 'done', 'done']);
    const again = asks('e');
    expect(order.at(-1)).toBe('e');
    await drain(5);
    expect(await again).toBe('done');
  });

  it('lets sources take turns, however many works one of them has', async () => {
    const { asks, drain, order } = queueOf();
    const all = [asks('x'), asks('flood'), asks('flood'), asks('flood'), asks('late')];
    await drain(5);
    await Promise.all(all);
    expect(order).toEqual(['x', 'flood', 'late', 'flood', 'flood']);
  });

  it('lets a newcomer go before those who had turns lately', async () => {
    const { asks, drain, order } = queueOf({ waitingPerSource: 2 });
    const first = [asks('a'), asks('b'), asks('c')];
    await drain(2);
    const again = [asks('a'), asks('b'), asks('new')];
    await drain(6);
    await Promise.all([...first, ...again]);
    expect(order).toEqual(['a', 'b', 'c', 'new', 'a', 'b']);
  });

  it('lets known devices go first, and every fourth turn to the others', async () => {
    const { asks, drain, order } = queueOf();
    const all = [
      asks('x'),
      asks('other'),
      ...['a', 'b', 'c', 'd', 'e'].map((name) => asks(name, true)),
    ];
    await drain(7);
    await Promise.all(all);
    expect(order).toEqual(['x', 'a', 'b', 'c', 'other', 'd', 'e']);
  });

  it('rejects one source beyond its share', async () => {
    const { asks, drain } = queueOf();
    const all = [asks('x'), ...Array.from({ length: 5 }, () => asks('flood'))];
    expect(await all[5]).toBe('sign_in_busy');
    await drain(5);
    await Promise.all(all);
  });

  it('makes room, when it is full, by rejecting one of the network with the most waiting', async () => {
    const { asks, drain, order } = queueOf();
    const flood = [1, 2, 3, 4].map((n) => () => asks('flood', false, `flood ${n}`));
    const all = [asks('x'), ...flood.map((ask) => ask()), asks('b'), asks('c'), asks('late')];
    expect(await all[4]).toBe('sign_in_busy');
    await drain(7);
    await Promise.all(all);
    expect(order).toEqual(['x', 'flood 1', 'b', 'c', 'late', 'flood 2', 'flood 3']);
  });

  it('rejects a newcomer when every source has one waiting, but no known device', async () => {
    const { asks, drain } = queueOf({ waiting: 2 });
    const all = [asks('x'), asks('a'), asks('b'), asks('c'), asks('known', true)];
    expect(await all[3]).toBe('sign_in_busy');
    await drain(4);
    expect(await all[4]).toBe('done');
    await Promise.all(all);
  });

  it('rejects what has waited too long, and keeps nothing of it', async () => {
    const { asks, drain, order } = queueOf({ waitMs: 20 });
    const first = asks('x');
    expect(await asks('late')).toBe('sign_in_busy');
    await drain(1);
    await first;
    const next = asks('next');
    await drain(2);
    await next;
    expect(order).toEqual(['x', 'next']);
  });
});
