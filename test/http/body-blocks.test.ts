import { expect, it } from 'vitest';
import { collectBlocks } from '../../src/http/body/blocks.ts';

async function* chunksOf(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

const body = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251));

it.each([1, 7, 1023, 1024, 65_536, 100_001, 300_000])(
  'collects the same bytes from chunks of %i, in few blocks',
  async (size) => {
    const blocks = await collectBlocks(chunksOf(body, size));
    expect(Buffer.concat(blocks).equals(body)).toBe(true);
    expect(blocks.length).toBeLessThan(15);
    // What is held is not much more than what came.
    const held = blocks.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
    expect(held).toBeLessThan(body.length + 65_536 + 1);
  },
);

it('collects nothing from nothing', async () => {
  expect(await collectBlocks(chunksOf(Buffer.alloc(0), 10))).toEqual([]);
});
