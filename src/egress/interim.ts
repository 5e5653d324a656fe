/**
 * Takes interim answers (RFC 9110 §15.2: 100 Continue, 103 Early Hints) out of what a receiver sends, before
 * undici sees it: undici ends a connection on a 100 that it did not ask for, and receivers and the proxies before
 * them send one regardless. They say nothing that would matter here.
 */
import type { Socket } from 'node:net';
import { EgressError } from './failure.ts';

/** Before one answer. A receiver that sends more is not about to answer. */
const INTERIMS_MAX = 100;
const INTERIM_BYTES_MAX = 16_384;

const END = '\r\n\r\n';
/** All but 101, which would be a change of protocol. */
const INTERIM = /^HTTP\/1\.[01] 1(?!01)\d\d[ \r]/;
/** What the beginning of an interim answer looks like before all of its first line has come. */
const STATUS_LINE = 'HTTP/1.1 100 ';

export class InterimFilter {
  #isAtHead = true;
  #count = 0;
  #held: Buffer = Buffer.alloc(0);

  /** To be called before each request: what comes next may be an interim answer. */
  expectAnswer(): void {
    this.#isAtHead = true;
    this.#count = 0;
    this.#held = Buffer.alloc(0);
  }

  /** What is left of a chunk; it may hold some back until more has come. Throws EgressError. */
  take(chunk: Buffer): Buffer {
    if (!this.#isAtHead) return chunk;
    let bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = Buffer.alloc(0);
    for (;;) {
      if (bytes.length < STATUS_LINE.length) return this.#hold(bytes);
      if (!INTERIM.test(bytes.toString('latin1', 0, STATUS_LINE.length))) {
        this.#isAtHead = false;
        return bytes;
      }
      const end = bytes.indexOf(END);
      if (end < 0) return this.#hold(bytes);
      this.#count += 1;
      if (this.#count > INTERIMS_MAX) throw tooMany();
      bytes = bytes.subarray(end + END.length);
    }
  }

  #hold(bytes: Buffer): Buffer {
    if (bytes.length > INTERIM_BYTES_MAX) throw tooMany();
    this.#held = bytes;
    return Buffer.alloc(0);
  }
}

/** Makes everybody who reads the socket read past interim answers. */
export function skipInterims(socket: Socket, filter: InterimFilter): void {
  const read = socket.read.bind(socket) as (size?: number) => Buffer | null;
  socket.read = (size?: number): Buffer | null => {
    try {
      for (;;) {
        const chunk = read(size);
        const rest = chunk === null ? null : filter.take(chunk);
        if (rest?.length !== 0) return rest;
      }
    } catch (error) {
      socket.destroy(error instanceof Error ? error : undefined);
      return null;
    }
  };
}

function tooMany(): EgressError {
  return new EgressError('egress_protocol', 'The receiver sent too many interim answers');
}
