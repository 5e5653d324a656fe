/** Where the parts of a JSON text begin, so that a fault in one is reported with its position in the whole. */

/** Where a part of a text begins: its line, and what stands before it in that line; both from 0. */
export interface Origin {
  readonly lines: number;
  readonly characters: number;
}

/** Counts the lines of a text on and on, so that many places in it cost one walk. */
export class LineCounter {
  private readonly text: string;
  private lines = 0;
  private start = 0;

  constructor(text: string) {
    this.text = text;
  }

  /** Where a part begins. Places must be asked for in their order. */
  originOf(at: number): Origin {
    for (
      let end = this.text.indexOf('\n', this.start);
      end >= 0 && end < at;
      end = this.text.indexOf('\n', this.start)
    ) {
      this.lines += 1;
      this.start = end + 1;
    }
    return { lines: this.lines, characters: at - this.start };
  }
}
