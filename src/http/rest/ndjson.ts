/** Reads one JSON value a line, from a stream of any length, in bounded memory. */
import { parseObject, Unreadable } from '../../stix/bundle-text.ts';
import { OBJECT_BYTES_MAX } from '../body/kinds.ts';

/** One line: its value, an Unreadable where there is none. */
export interface Line {
  readonly bytes: number;
  readonly value: unknown;
}

const NEWLINE = 0x0a;
const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * The lines of a body; blank ones are passed over. A line longer than OBJECT_BYTES_MAX is told as
 * `line_too_long` and skipped without being kept, so that those after it are still read.
 */
export async function* readLines(body: AsyncIterable<Buffer>): AsyncGenerator<Line> {
  let parts: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    let from = 0;
    for (;;) {
      const end = chunk.indexOf(NEWLINE, from);
      const part = chunk.subarray(from, end < 0 ? chunk.length : end);
      bytes += part.length;
      if (bytes <= OBJECT_BYTES_MAX) parts.push(part);
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
  if (bytes > OBJECT_BYTES_MAX) return { bytes: 0, value: tooLong(bytes) };
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
  const detail = `The line has ${bytes} bytes; one may have at most ${OBJECT_BYTES_MAX}`;
  return new Unreadable({ code: 'line_too_long', path: '$', detail });
}
