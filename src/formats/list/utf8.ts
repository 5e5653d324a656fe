/** Text in pieces, from bytes in pieces. */
import { Problem } from '../../errors.ts';

const ADVICE = 'Save the list as UTF-8, for example with iconv -f windows-1252 -t utf-8.';

/**
 * The text of bytes that are UTF-8, without a byte order mark. Throws Problem not_utf8: anything else would be
 * replaced, so changed, without a word.
 */
export async function* utf8Of(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let lines = 1;
  const decoded = (some?: Uint8Array): string => {
    try {
      return some === undefined ? decoder.decode() : decoder.decode(some, { stream: true });
    } catch (cause) {
      const detail = `The list is not UTF-8, at line ${lines} or soon after it. ${ADVICE}`;
      throw new Problem('not_utf8', detail, { path: `line ${lines}`, cause });
    }
  };
  for await (const some of bytes) {
    const text = decoded(some);
    lines += text.split('\n').length - 1;
    if (text !== '') yield text;
  }
  const last = decoded();
  if (last !== '') yield last;
}

/** A line of text, from 1. */
export interface TextLine {
  readonly line: number;
  readonly text: string;
  /** UTF-16 code units of the whole line. */
  readonly characters: number;
}

/** Of a longer line only so much is kept: no value has as much. */
const KEPT_MAX = 16 * 1024;

/** The lines of a text; those that are longer than any value are cut off. */
export async function* textLines(pieces: AsyncIterable<string>): AsyncGenerator<TextLine> {
  let kept = '';
  let characters = 0;
  let line = 1;
  const add = (part: string): void => {
    characters += part.length;
    if (kept.length < KEPT_MAX) kept += part.slice(0, KEPT_MAX - kept.length);
  };
  for await (const piece of pieces) {
    const [first = '', ...others] = piece.split('\n');
    add(first);
    for (const other of others) {
      yield { line, text: kept, characters };
      line += 1;
      kept = '';
      characters = 0;
      add(other);
    }
  }
  yield { line, text: kept, characters };
}
