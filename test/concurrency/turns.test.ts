import { describe, expect, it } from 'vitest';
import { createTurns, type Turn } from '../../src/concurrency/turns.ts';

class Busy extends Error {}

const limits = { running: 2, waitMs: 60_000, busy: () => new Busy() };

/** Notes in `order` when a turn begins. */
function noted(turn: Turn, name: string, order: string[]): Turn {
  void turn.begun?.then(() => order.push(name));
  return turn;
}

async function settled(): Promise<void> {
  await new Promise((done) => setImmediate(done));
}

describe('turns', () => {
  it('begin at once while there is room, and wait beyond that', async () => {
    const turns = createTurns(limits);
    const [first, second, third] = [turns.ask('a'), turns.ask('a'), turns.ask('a')];
    expect([first.begun, second.begun]).toEqual([undefined, undefined]);
    first.end();
    await expect(third.begun).resolves.toBeUndefined();
  });

  it('go to the source that had the fewest, however many another one asks for', async () => {
    const turns = createTurns(limits);
    const order: string[] = [];
    const running = [turns.ask('greedy'), turns.ask('greedy')];
    for (let i = 0; i < 50; i++) noted(turns.ask('greedy'), 'greedy', order);
    noted(turns.ask('modest'), 'modest', order);
    running[0]?.end();
    await settled();
    expect(order).toEqual(['modest']);
  });

  it('come round to a source that had many while it was alone, whatever others keep asking for', async () => {
    const turns = createTurns({ ...limits, running: 1 });
    for (let i = 0; i < 1_000; i++) turns.ask('early').end();
    const under = turns.ask('late');
    const order: string[] = [];
    const early = noted(turns.ask('early'), 'early', order);
    let last = under;
    for (let i = 0; i < 8; i++) {
      const next = turns.ask(`late ${i % 2}`);
      last.end();
      await settled();
      if (order.length > 0) break;
      last = next;
    }
    expect(order).toEqual(['early']);
    early.end();
  });

  it('are freed once, however often they are ended', async () => {
    const turns = createTurns(limits);
    const [first] = [turns.ask('a'), turns.ask('a')];
    first?.end();
    first?.end();
    expect(turns.ask('a').begun).toBeUndefined();
    expect(turns.ask('a').begun).toBeInstanceOf(Promise);
  });

  it('leave the queue when they are ended before they begin', async () => {
    const turns = createTurns(limits);
    const [first] = [turns.ask('a'), turns.ask('a')];
    const gone = turns.ask('b');
    const next = turns.ask('b');
    gone.end();
    await expect(gone.begun).rejects.toBeInstanceOf(Busy);
    first?.end();
    await expect(next.begun).resolves.toBeUndefined();
  });

  it('fail when the wait has ended, and hold up nobody afterwards', async () => {
    const turns = createTurns({ ...limits, running: 1, waitMs: 1 });
    const first = turns.ask('a');
    await expect(turns.ask('b').begun).rejects.toBeInstanceOf(Busy);
    first.end();
    expect(turns.ask('c').begun).toBeUndefined();
  });
});
