/** Holds the bytes of a body until all of them are there. */

const BLOCK_MIN = 1024;
const BLOCK_MAX = 64 * 1024;

/**
 * All chunks, copied into blocks that grow with the body: a body that comes in a million pieces takes
 * about its own size in memory, not a buffer's bookkeeping for each piece. And bytes do not burden
 * the garbage collector, as strings would be while the rest of a body is awaited.
 */
export async function collectBlocks(chunks: AsyncIterable<Buffer>): Promise<Buffer[]> {
  const blocks: Buffer[] = [];
  let block = Buffer.allocUnsafeSlow(0);
  let used = 0;
  let total = 0;
  for await (const chunk of chunks) {
    for (let from = 0; from < chunk.length;) {
      if (used === block.length) {
        block = Buffer.allocUnsafeSlow(Math.min(BLOCK_MAX, Math.max(BLOCK_MIN, total)));
        blocks.push(block);
        used = 0;
      }
      const copied = chunk.copy(block, used, from);
      used += copied;
      from += copied;
      total += copied;
    }
  }
  if (used < block.length) blocks[blocks.length - 1] = block.subarray(0, used);
  return blocks;
}
