/** The lines of a text of any length, in bounded memory. */
import type { Pace } from '../../concurrency/slices.ts';

/** One line without its end; `text` is undefined where it is not UTF-8 or longer than allowed. */
export interface TextLine {
  readonly text: string | undefined;
  readonly isTooLong: boolean;
}

const NEWLINE = 0x0a;
const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * The lines of a body that are not blank. Of a line with more bytes than `bytesMax`, nothing is held but that
 * it is one, so that those after it are still read.
 */
export async function* textLines(
  body: AsyncIterable<Buffer>,
  { bytesMax, pace }: { readonly bytesMax: number; readonly pace: Pace },
): AsyncGenerator<TextLine> {
  let parts: Buffer[] = [];
  let bytes = 0;
  const finished = (): TextLine | undefined => {
    const line = bytes > bytesMax ? TOO_LONG : decoded(Buffer.concat(parts));
    parts = [];
    bytes = 0;
    return line;
  };
  for await (const chunk of body) {
    for (let from = 0; from <= chunk.length;) {
      if (pace.isOver()) await pace.next();
      const end = chunk.indexOf(NEWLINE, from);
      const part = chunk.subarray(from, end < 0 ? chunk.length : end);
      bytes += part.length;
      if (bytes <= bytesMax) parts.push(part);
      else parts = [];
      if (end < 0) break;
      from = end + 1;
      const line = finished();
      if (line !== undefined) yield line;
    }
  }
  const last = finished();
  if (last !== undefined) yield last;
}

const TOO_LONG: TextLine = { text: undefined, isTooLong: true };

function decoded(bytes: Buffer): TextLine | undefined {
  try {
    const text = decoder.decode(bytes).trim();
    return text === '' ? undefined : { text, isTooLong: false };
  } catch {
    return { text: undefined, isTooLong: false };
  }
}
