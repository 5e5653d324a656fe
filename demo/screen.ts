import { stripVTControlCharacters, styleText } from 'node:util';
import type { WriteStream } from 'node:tty';

export type Tone = 'good' | 'spared' | 'bad' | 'quiet' | 'title';

const STYLES = {
  good: 'green',
  spared: 'yellow',
  bad: 'red',
  quiet: 'dim',
  title: 'bold',
} as const;
const LABEL_WIDTH = 16;
const BAR_WIDTH = 24;

/**
 * What the demo shows: on a terminal with colours and a line that changes as things arrive, else, or
 * where NO_COLOR is set, as plain lines.
 */
export class Screen {
  readonly #stream: NodeJS.WriteStream;
  readonly #isLive: boolean;
  #hasBar = false;

  constructor(stream: WriteStream | NodeJS.WriteStream) {
    this.#stream = stream;
    this.#isLive = stream.isTTY && stream.hasColors();
  }

  /** Text, wrapped at words where it is wider than the terminal. */
  line(text = ''): void {
    this.verbatim(wrapped(text, this.#columns));
  }

  /** A line that stays as it is: commands to copy, rows of a table. */
  verbatim(text: string): void {
    this.#clear();
    this.#stream.write(`${text}\n`);
  }

  title(text: string): void {
    this.line();
    this.line(this.tint('title', text));
  }

  /** Something about somebody. */
  about(who: string, text: string, tone?: Tone): void {
    const indent = LABEL_WIDTH + 4;
    const lines = wrapped(text, this.#columns - indent).replaceAll('\n', `\n${' '.repeat(indent)}`);
    const said = tone === undefined ? lines : this.tint(tone, lines);
    this.verbatim(`   ${who.padEnd(LABEL_WIDTH)} ${said}`);
  }

  /** Says what is being waited for, and for how long; gives back what the work came to. */
  async during<T>(who: string, text: string, work: Promise<T>): Promise<T> {
    if (!this.#isLive) {
      this.about(who, `${text} …`, 'quiet');
      return work;
    }
    const startMs = performance.now();
    const show = (): void => {
      const seconds = Math.floor((performance.now() - startMs) / 1000);
      const room = this.#columns - LABEL_WIDTH - 5;
      // A line that the terminal breaks could not be cleared.
      const said = `${seconds} s … ${text}`.slice(0, room);
      this.#clear();
      this.#stream.write(`   ${who.padEnd(LABEL_WIDTH)} ${this.tint('quiet', said)}`);
      this.#hasBar = true;
    };
    show();
    const timer = setInterval(show, 1000);
    try {
      return await work;
    } finally {
      clearInterval(timer);
      this.#clear();
    }
  }

  get #columns(): number {
    return this.#stream.isTTY ? this.#stream.columns : Number.POSITIVE_INFINITY;
  }

  /** How far something is; each call replaces the previous one. */
  progress(who: string, done: number, total: number): void {
    if (!this.#isLive) {
      if (done > 0 && done < total) this.about(who, `${count(done)} of ${count(total)} so far`);
      return;
    }
    const filled = total === 0 ? 0 : Math.floor((done / total) * BAR_WIDTH);
    const bar = `${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)}`;
    this.#clear();
    this.#stream.write(
      `   ${who.padEnd(LABEL_WIDTH)} ${this.tint('good', bar)} ${count(done)} of ${count(total)}`,
    );
    this.#hasBar = true;
  }

  /** A sign of life in plain lines; on a terminal it would only be in the way. */
  alive(text: string): void {
    if (!this.#isLive) this.line(text);
  }

  tint(tone: Tone, text: string): string {
    return styleText(STYLES[tone], text, { stream: this.#stream });
  }

  #clear(): void {
    if (this.#hasBar) this.#stream.write('\r\x1b[2K');
    this.#hasBar = false;
  }
}

/** Breaks a text between words so that no line is wider, unless one word is. */
export function wrapped(text: string, width: number): string {
  const [, indent = ''] = /^( *)/.exec(text) ?? [];
  let line = indent;
  const lines: string[] = [];
  for (const word of text.slice(indent.length).split(' ')) {
    const longer = line === indent ? `${line}${word}` : `${line} ${word}`;
    if (line !== indent && stripVTControlCharacters(longer).length > width) {
      lines.push(line);
      line = `${indent}${word}`;
    } else line = longer;
  }
  return [...lines, line].join('\n');
}

/** 2000 as `2,000`. */
export function count(number: number): string {
  return number.toLocaleString('en');
}
