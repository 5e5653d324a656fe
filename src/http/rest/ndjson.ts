/** Reads one JSON value a line, from a stream of any length, in bounded memory. */
import type { Readable } from 'node:stream';
import { parseJson } from '../../stix/json.ts';
import { JsonFault } from '../../stix/json-fault.ts';

/** One line: its value, or what is wrong with it. */
export type Line = { readonly index: number; readonly bytes: number } & (
  { readonly value: unknown } | { readonly fault: LineFault }
);

export interface LineFault {
  readonly code: string;
  readonly path: string;
  readonly detail: string;
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
  let index = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    let from = 0;
    for (;;) {
      const end = chunk.indexOf(NEWLINE, from);
      const part = chunk.subarray(from, end < 0 ? chunk.length : end);
      bytes += part.length;
      if (bytes <= bytesMax) parts.push(part);
      else parts = [];
      if (end < 0) break;
      const line = finish(parts, bytes, bytesMax, index);
      if (line !== undefined) {
        yield line;
        index++;
      }
      parts = [];
      bytes = 0;
      from = end + 1;
    }
  }
  const last = finish(parts, bytes, bytesMax, index);
  if (last !== undefined) yield last;
}

function finish(parts: Buffer[], bytes: number, bytesMax: number, index: number): Line | undefined {
  if (bytes > bytesMax) return { index, bytes: 0, fault: tooLong(bytes, bytesMax) };
  const [only] = parts;
  const raw = parts.length === 1 && only !== undefined ? only : Buffer.concat(parts);
  let text: string;
  try {
    text = decoder.decode(raw);
  } catch {
    return { index, bytes, fault: { code: 'invalid_json', path: '$', detail: 'Not UTF-8' } };
  }
  if (text.trim() === '') return undefined;
  try {
    return { index, bytes, value: parseJson(text) };
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    const { code, path, detail } = error;
    return { index, bytes, fault: { code, path, detail } };
  }
}

function tooLong(bytes: number, bytesMax: number): LineFault {
  const detail = `The line has ${bytes} bytes; an object may have at most ${bytesMax}`;
  return { code: 'line_too_long', path: '$', detail };
}
