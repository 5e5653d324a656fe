import { describe, expect, it } from 'vitest';
import { batched } from '../../src/concurrency/batch.ts';

/** What is asked: nothing here looks at it. */
const db = {};

describe('batched', () => {
  it('asks together what is asked at once, and gives each its own answer', async () => {
    const asked: string[][] = [];
    const shout = batched<object, string, string>(
      async (_, words) => {
        asked.push([...words]);
        return words.map((word) => word.toUpperCase());
      },
      { max: 2 },
    );
    expect(await Promise.all([shout(db, 'a'), shout(db, 'b'), shout(db, 'c')])).toEqual([
      'A',
      'B',
      'C',
    ]);
    expect(asked).toEqual([['a', 'b'], ['c']]);
  });

  it('asks for what came after the statement began in the next one', async () => {
    const later: Promise<number>[] = [];
    const count = batched<object, number, number>(
      async (_, numbers) => {
        if (later.length === 0) later.push(count(db, 2));
        return numbers.map((number) => numbers.length * 10 + number);
      },
      { max: 10 },
    );
    expect(await count(db, 1)).toBe(11);
    expect(await later[0]).toBe(12);
    // Asked in the very turn in which the queue was found empty.
    expect(await count(db, 3)).toBe(13);
  });

  it('reports a failure to everyone who asked together, and continues', async () => {
    let failing = true;
    const ask = batched<object, number, number>(
      async (_, numbers) => {
        if (failing) throw new Error('broken');
        return numbers;
      },
      { max: 10 },
    );
    const both = await Promise.allSettled([ask(db, 1), ask(db, 2)]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    failing = false;
    expect(await ask(db, 3)).toBe(3);
  });

  it('keeps apart what has different keys', async () => {
    const held: (() => void)[] = [];
    const ask = batched<object, string, string>(
      async (_, words) => {
        if (words.includes('slow')) await new Promise<void>((resume) => held.push(resume));
        return words;
      },
      { max: 10, keyOf: (word) => word },
    );
    const slow = ask(db, 'slow');
    expect(await ask(db, 'quick')).toBe('quick');
    held[0]?.();
    expect(await slow).toBe('slow');
  });
});
