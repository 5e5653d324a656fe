import { describe, expect, it } from 'vitest';
import { beginShortRequest, createPace, inSlices } from '../../src/concurrency/slices.ts';

/** Uses the processor for about so long. */
function work(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/** Steps of which each takes more than a slice. */
function* long(name: string, steps: number, noted: string[]): Generator<undefined> {
  for (let step = 0; step < steps; step++) {
    noted.push(name);
    work(5);
    yield undefined;
  }
}

function* short(name: string, noted: string[]): Generator<undefined, string> {
  noted.push(name);
  yield undefined;
  return name;
}

/** How often the event loop turns until `promise` settles. */
async function turnsUntil(promise: Promise<unknown>): Promise<number> {
  let turns = 0;
  let isOver = false;
  const count = (): void => {
    turns++;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  await promise;
  isOver = true;
  return turns;
}

describe('slices', () => {
  it('leave the event loop a turn after each', async () => {
    const noted: string[] = [];
    expect(await turnsUntil(inSlices('a', long('a', 20, noted)))).toBeGreaterThanOrEqual(19);
  });

  it('are one in each turn of the event loop, however many pieces of work there are', async () => {
    const noted: string[] = [];
    const all = Array.from({ length: 10 }, (_, i) => inSlices(`${i}`, long(`${i}`, 4, noted)));
    // Each takes one at once, as far as there is free time.
    expect(await turnsUntil(Promise.all(all))).toBeGreaterThanOrEqual(30);
  });

  it('go to sources in turn: a source with little work waits for one slice of each other', async () => {
    const noted: string[] = [];
    const greedy = Array.from({ length: 50 }, () => inSlices('greedy', long('greedy', 3, noted)));
    // Past the free time, and in the midst of what waits.
    await new Promise((resume) => setImmediate(resume));
    const before = noted.length;
    work(5);
    await inSlices('modest', short('modest', noted));
    expect(noted.indexOf('modest') - before).toBeLessThanOrEqual(2);
    await Promise.all(greedy);
  });

  it('do short work at once while others wait', async () => {
    const noted: string[] = [];
    const greedy = Array.from({ length: 10 }, () => inSlices('greedy', long('greedy', 3, noted)));
    await new Promise((resume) => setImmediate(resume));
    const before = noted.length;
    const modest = inSlices('modest', short('modest', noted));
    expect(noted[before]).toBe('modest');
    await Promise.all([modest, ...greedy]);
  });

  it('have the short work of one turn of the event loop in common', async () => {
    let done = 0;
    function* some(): Generator<undefined> {
      done++;
      work(0.5);
      yield undefined;
    }
    const all = Array.from({ length: 100 }, (_, i) => inSlices(`${i}`, some()));
    // 100 × 0.5 ms would stop everybody else for 50 ms.
    expect(done).toBeLessThan(20);
    await Promise.all(all);
    expect(done).toBe(100);
  });

  it('leave the event loop to short requests in between', async () => {
    const slicesDuring = async (turns: number): Promise<number> => {
      const noted: string[] = [];
      const all = inSlices('a', long('a', 2 * turns, noted));
      await new Promise((resume) => setImmediate(resume));
      const before = noted.length;
      for (let turn = 0; turn < turns; turn++) await new Promise((resume) => setImmediate(resume));
      const slices = noted.length - before;
      await all;
      return slices;
    };
    // A request that waits for the database is woken once in each turn of the event loop.
    expect(await slicesDuring(40)).toBeGreaterThan(30);
    const end = beginShortRequest('b');
    expect(await slicesDuring(40)).toBeLessThan(15);
    end();
    end();
    expect(await slicesDuring(40)).toBeGreaterThan(30);
    // What a request does itself is not held up for its own sake.
    const endOwn = beginShortRequest('a');
    expect(await slicesDuring(40)).toBeGreaterThan(30);
    endOwn();
  });

  it('are waited for by work that is not written as steps', async () => {
    const pace = createPace('a');
    work(5);
    expect(pace.isOver()).toBe(true);
    const noted: string[] = [];
    const next = pace.next().then(() => noted.push('slice'));
    noted.push('others');
    await next;
    expect(noted).toEqual(['others', 'slice']);
  });
});
