/** HTTP clients that read when the test says so, or never. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface RawClient {
  readonly socket: Socket;
  /** The status line of the first answer; the client has read no more than the chunk it came in. */
  readonly status: Promise<number>;
  /** Reads everything that still comes, until the server closes the connection or resets it. */
  rest(): Promise<string>;
}

/** Sends requests for these paths over one connection, and stops reading when the first answer begins. */
export async function neverReads(
  url: string,
  paths: readonly string[],
  key: string | undefined,
): Promise<RawClient> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  const credential = key === undefined ? '' : `x-api-key: ${key}\r\n`;
  socket.on('error', () => undefined);
  let read = '';
  const status = new Promise<number>((resolve) => {
    socket.once('data', (chunk: Buffer) => {
      socket.pause();
      read = chunk.toString('latin1');
      resolve(Number(/^HTTP\/1\.1 (\d{3})/.exec(read)?.[1]));
    });
  });
  const heads = paths.map((path, i) => {
    const connection = i === paths.length - 1 ? 'connection: close\r\n' : '';
    return `GET ${path} HTTP/1.1\r\nhost: ${hostname}\r\n${credential}${connection}\r\n`;
  });
  socket.write(heads.join(''));
  const rest = async (): Promise<string> => {
    let more = '';
    socket.on('data', (chunk: Buffer) => {
      more += chunk.toString('latin1');
    });
    // A connection that is reset closes too.
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.resume();
    if (!socket.destroyed) await closed;
    return read + more;
  };
  return { socket, status, rest };
}
