import { describe, expect, it } from 'vitest';
import { createOneByOne } from '../../src/concurrency/one-by-one.ts';

async function turned(): Promise<void> {
  await new Promise((resume) => setImmediate(resume));
}

describe('work one by one', () => {
  it('ends before the next one of its source begins, whatever became of it', async () => {
    const oneByOne = createOneByOne();
    const noted: string[] = [];
    const work = (name: string, fails = false) =>
      oneByOne('a', async () => {
        noted.push(`${name} begins`);
        await turned();
        noted.push(`${name} ends`);
        if (fails) throw new Error(name);
        return name;
      });
    const results = await Promise.allSettled([work('1'), work('2', true), work('3')]);
    expect(noted).toEqual(['1 begins', '1 ends', '2 begins', '2 ends', '3 begins', '3 ends']);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('does not wait for the work of another source', async () => {
    const oneByOne = createOneByOne();
    const { promise, resolve } = Promise.withResolvers<void>();
    const stuck = oneByOne('a', () => promise);
    await expect(oneByOne('b', async () => 'done')).resolves.toBe('done');
    resolve();
    await stuck;
  });
});
