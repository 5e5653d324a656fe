/** Lists of one value a line, with comments. */
import { stricter, tlpSaidIn, type TlpSaid } from '../../stix/marking/tlp-text.ts';

/** A line that is a comment as a whole, and what may follow a value. */
const COMMENT = /^\s*(?:#|;|\/\/)/;
const AFTER_VALUE = /\s(?:#|;|\/\/)\s.*$/s;

/** Reads the lines of one list; what its comments say about TLP counts for all lines after them. */
export class PlainReader {
  /** The strictest level that a comment stated. */
  level: TlpSaid | undefined;

  /** The value of a line; undefined for a comment and an empty line. */
  valueOf(line: string): string | undefined {
    const text = line.trim();
    if (text === '') return undefined;
    if (COMMENT.test(text)) {
      this.level = stricter(this.level, tlpSaidIn(text));
      return undefined;
    }
    return text.replace(AFTER_VALUE, '');
  }
}
