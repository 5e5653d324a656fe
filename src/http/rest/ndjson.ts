/** Reads one JSON value a line, from a stream of any length, in bounded memory. */
import type { Readable } from 'node:stream';
import { OBJECT_CHARACTERS_MAX } from '../../indicators/examine.ts';
import { parseObject, Unreadable } from '../../stix/bundle-text.ts';

/** One line: its value, an Unreadable where there is none. */
export interface Line {
  readonly bytes: number;
  readonly value: unknown;
}

/**
 * What an object may have is counted in characters of its JSON, as in a bundle; written as \uXXXX,
 * each takes 6 bytes. So no object is too long for its line that is not too large in itself.
 */
const LINE_BYTES_MAX = 6 * OBJECT_CHARACTERS_MAX;
const NEWLINE = 0x0a;
const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * The lines of a body; blank ones are passed over. A line longer than LINE_BYTES_MAX is told as
 * `line_too_long` and skipped without being kept, so that those after it are still read.
 */
export async function* readLines(body: Readable): AsyncGenerator<Line> {
  let parts: Buffer[] = [];
  let bytes = 0;
  // Whoever stops reading still has an answer to send over the body's connection.
  for await (const chunk of body.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    let from = 0;
    for (;;) {
      const end = chunk.indexOf(NEWLINE, from);
      const part = chunk.subarray(from, end < 0 ? chunk.length : end);
      bytes += part.length;
      if (bytes <= LINE_BYTES_MAX) parts.push(part);
      else parts = [];
      if (end < 0) break;
      const line = finish(parts, bytes);
      if (line !== undefined) yield line;
      parts = [];
      bytes = 0;
      from = end + 1;
    }
  }
  const last = finish(parts, bytes);
  if (last !== undefined) yield last;
}

function finish(parts: Buffer[], bytes: number): Line | undefined {
  if (bytes > LINE_BYTES_MAX) return { bytes: 0, value: tooLong(bytes) };
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

function tooLong(bytes: number): Unreadable {
  const detail = `The line has ${bytes} bytes; one may have at most ${LINE_BYTES_MAX}`;
  return new Unreadable({ code: 'line_too_long', path: '$', detail });
}
