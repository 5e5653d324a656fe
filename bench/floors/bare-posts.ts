/** The floor of fan-out: a loop that POSTs the same bytes to the same receivers, and nothing else. */
import { Client } from 'undici';
import { timed } from '../measurement.ts';

/** Each receiver is sent bodies of these sizes, one after another; all receivers at once. */
export async function postBare(urls: readonly string[], sizes: readonly number[]): Promise<number> {
  const content = Buffer.alloc(Math.max(...sizes), filler());
  const { seconds } = await timed(async () => {
    await Promise.all(urls.map((url) => postTo(new URL(url), content, sizes)));
  });
  return seconds;
}

async function postTo(url: URL, content: Buffer, sizes: readonly number[]): Promise<void> {
  const client = new Client(url.origin);
  for (const size of sizes) {
    const { body } = await client.request({
      method: 'POST',
      path: url.pathname,
      headers: { 'content-type': 'application/json' },
      body: content.subarray(0, size),
    });
    await body.dump();
  }
  await client.close();
}

/** As many objects among the bytes as there are in a bundle, so that receivers work as hard. */
function filler(): string {
  return `{"id":"indicator--"${' '.repeat(680)}}`;
}
