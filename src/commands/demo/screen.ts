import { styleText } from 'node:util';
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

  line(text = ''): void {
    this.#clear();
    this.#stream.write(`${text}\n`);
  }

  title(text: string): void {
    this.line();
    this.line(this.tint('title', text));
  }

  /** Something about somebody. */
  about(who: string, text: string, tone?: Tone): void {
    const said = tone === undefined ? text : this.tint(tone, text);
    this.line(`   ${who.padEnd(LABEL_WIDTH)} ${said}`);
  }

  /** How far something is; each call takes the place of the one before. */
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

  /** A sign of life for who reads plain lines; on a terminal it would only be in the way. */
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

/** 2000 as `2,000`. */
export function count(number: number): string {
  return number.toLocaleString('en');
}
