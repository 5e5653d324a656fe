/** Reads one JSON value a line, from a stream of any length, in bounded memory. */
import type { Readable } from 'node:stream';
import { parseObject, Unreadable } from '../../stix/bundle-text.ts';

/** One line: its value, an Unreadable where there is none. */
export interface Line {
  readonly bytes: number;
  readonly value: unknown;
}

const NEWLINE = 0x0a;
const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * The lines of a body; blank ones are passed over. A line longer than `bytesMax` is told as
 * `line_too_long` and skipped without being kept, so that those after it are still read.
 */
export async function* readLines(body: Readable, bytesMax: number): AsyncGenerator<Line> {
  let parts: Buffer[] = [];
  let bytes = 0;
  // Whoever stops reading still has an answer to send over the body's connection.
  for await (const chunk of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    let from = 0;
    for (;;) {
      const end = chunk.indexOf(NEWLINE, from);
      const part = chunk.subarray(from, end < 0 ? chunk.length : end);
      bytes += part.length;
      if (bytes <= bytesMax) parts.push(part);
      else parts = [];
      if (end < 0) break;
      const line = finish(parts, bytes, bytesMax);
      if (line !== undefined) yield line;
      parts = [];
      bytes = 0;
      from = end + 1;
    }
  }
  const last = finish(parts, bytes, bytesMax);
  if (last !== undefined) yield last;
}

function finish(parts: Buffer[], bytes: number, bytesMax: number): Line | undefined {
  if (bytes > bytesMax) return { bytes: 0, value: tooLong(bytes, bytesMax) };
  const [only] = parts;
  const raw = parts.length === 1 && only !== undefined ? only : Buffer.concat(parts);
  let text: string;
  try {
    text = decoder.decode(raw);
  } catch {
    const fault = { code: 'invalid_json', path: '$', detail: 'the line is not UTF-8' };
    return { bytes, value: new Unreadable(fault) };
  }
  return text.trim() === '' ? undefined : { bytes, value: parseObject(text) };
}

function tooLong(bytes: number, bytesMax: number): Unreadable {
  const detail = `The line has ${bytes} bytes; an object may have at most ${bytesMax}`;
  return new Unreadable({ code: 'line_too_long', path: '$', detail });
}
