/**
 * Puts many texts into one buffer as they come. A page is large, and whatever lives until all of it has been
 * gathered costs the garbage collector more than the page costs us: each text may go as soon as it is
 * written.
 */
export class ByteWriter {
  #bytes: Buffer;
  #end = 0;

  /** `room`: about how many bytes there will be. */
  constructor(room: number) {
    this.#bytes = Buffer.allocUnsafe(Math.max(room, ROOM_MIN));
  }

  write(text: string): void {
    this.#ensure(text.length * UTF8_BYTES_MAX);
    this.#end += this.#bytes.write(text, this.#end);
  }

  append({ written }: ByteWriter): void {
    this.#ensure(written.length);
    this.#end += written.copy(this.#bytes, this.#end);
  }

  /** What has been written so far. */
  get written(): Buffer {
    return this.#bytes.subarray(0, this.#end);
  }

  #ensure(bytes: number): void {
    const needed = this.#end + bytes;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length));
    this.written.copy(larger);
    this.#bytes = larger;
  }
}

const ROOM_MIN = 1024;
/** A UTF-16 code unit has at most so many in UTF-8. */
const UTF8_BYTES_MAX = 3;
