/** Reads one JSON value a line, from a stream of any length, in bounded memory. */
import type { Pace } from '../../concurrency/slices.ts';
import { parseObject, Unreadable } from '../../stix/bundle/text.ts';
import type { ByteAccount } from '../edge/byte-budget.ts';
import { OBJECT_CHARACTERS_MAX } from '../../indicators/examine.ts';

/**
 * What an object may have is counted in characters of its JSON; written as \\uXXXX each takes 6
 * bytes. So no object has too many bytes that is not too large in itself.
 */
export const OBJECT_BYTES_MAX = 6 * OBJECT_CHARACTERS_MAX;

/** One line: its value, an Unreadable where there is none. */
export interface Line<T = unknown> {
  readonly bytes: number;
  readonly value: T;
  /** What it takes from the account, until its reader gives it back. */
  readonly cost: number;
}

/** A line takes its bytes, and so many times as much once it is parsed. */
const PARSED = 3;

/** What reading takes from others: memory and the processor. */
interface Reading {
  readonly account: ByteAccount;
  readonly pace: Pace;
}

const NEWLINE = 0x0a;
const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * The lines of a body; blank ones are passed over. A line longer than OBJECT_BYTES_MAX is answered
 * `line_too_long` and skipped without being stored, so that those after it are still read.
 */
export async function* readLines(
  body: AsyncIterable<Buffer>,
  { account, pace }: Reading,
): AsyncGenerator<Line> {
  let parts: Buffer[] = [];
  let bytes = 0;
  let linesBefore = 0;
  const finished = async (): Promise<Line | undefined> => {
    const line = finish(parts, bytes, linesBefore);
    const own = Math.min(bytes, OBJECT_BYTES_MAX);
    parts = [];
    bytes = 0;
    linesBefore += 1;
    if (line === undefined) account.give(own);
    else await account.take(line.cost - own);
    return line;
  };
  for await (const chunk of body) {
    for (const { part, isEnd } of cutAtLines(chunk)) {
      if (pace.isOver()) await pace.next();
      // What is beyond the limit is not stored, so not charged.
      await account.take(Math.min(part.length, Math.max(0, OBJECT_BYTES_MAX - bytes)));
      bytes += part.length;
      if (bytes <= OBJECT_BYTES_MAX) parts.push(part);
      else parts = [];
      const line = isEnd ? await finished() : undefined;
      if (line !== undefined) yield line;
    }
  }
  const last = await finished();
  if (last !== undefined) yield last;
}

function* cutAtLines(chunk: Buffer): Generator<{ part: Buffer; isEnd: boolean }> {
  let from = 0;
  for (;;) {
    const end = chunk.indexOf(NEWLINE, from);
    yield { part: chunk.subarray(from, end < 0 ? chunk.length : end), isEnd: end >= 0 };
    if (end < 0) return;
    from = end + 1;
  }
}

function finish(parts: Buffer[], bytes: number, linesBefore: number): Line | undefined {
  if (bytes > OBJECT_BYTES_MAX) return { bytes: 0, value: tooLong(bytes), cost: OBJECT_BYTES_MAX };
  const cost = bytes * (1 + PARSED);
  const [only] = parts;
  const raw = parts.length === 1 && only !== undefined ? only : Buffer.concat(parts);
  let text: string;
  try {
    text = decoder.decode(raw);
  } catch {
    const fault = {
      code: 'invalid_json',
      path: '$',
      detail: `line ${linesBefore + 1} is not UTF-8`,
    };
    return { bytes, value: new Unreadable(fault), cost };
  }
  return text.trim() === '' ? undefined : { bytes, value: parseObject(text, linesBefore), cost };
}

function tooLong(bytes: number): Unreadable {
  const detail = `The line has ${bytes} bytes; one may have at most ${OBJECT_BYTES_MAX}`;
  return new Unreadable({ code: 'line_too_long', path: '$', detail });
}
