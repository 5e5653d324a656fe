import { Readable } from 'node:stream';

/**
 * A stream of pieces, each of which is asked for only when the client has taken those before it.
 * `Readable.from` asks for one piece too many: a client that reads nothing would hold two pages.
 */
export function onDemand(pieces: AsyncGenerator<Buffer | string>): Readable {
  let asking = false;
  const ask = async (stream: Readable): Promise<void> => {
    try {
      const { value, done } = await pieces.next();
      asking = false;
      stream.push(done === true ? null : value);
    } catch (error) {
      stream.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  };
  return new Readable({
    highWaterMark: 0,
    read() {
      if (asking) return;
      asking = true;
      void ask(this);
    },
    destroy(error, done) {
      // It ends at its next piece, which nobody waits for.
      pieces.return(undefined).catch(() => undefined);
      done(error);
    },
  });
}
