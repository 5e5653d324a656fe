/** A name server on loopback (RFC 1035) that answers as told. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** The addresses to answer with, a response code above 0 (2: SERVFAIL, 3: NXDOMAIN), or undefined for silence. */
export type Answers = (name: string, type: 'A' | 'AAAA') => readonly Buffer[] | number | undefined;

export interface NameServer {
  /** `address:port` */
  address: string;
  close: () => Promise<void>;
}

const TYPES = new Map([
  [1, 'A'],
  [28, 'AAAA'],
] as const);

export async function serveNames(answers: Answers): Promise<NameServer> {
  const socket = createSocket('udp4');
  socket.on('message', (query, client) => {
    const response = respond(query, answers);
    if (response !== undefined) socket.send(response, client.port, client.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    address: `127.0.0.1:${socket.address().port}`,
    async close() {
      socket.close();
      await once(socket, 'close');
    },
  };
}

function respond(query: Buffer, answers: Answers): Buffer | undefined {
  const labels: string[] = [];
  let at = 12;
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  const code = query.readUInt16BE(at + 1);
  const type = code === 1 || code === 28 ? TYPES.get(code) : undefined;
  const found = type === undefined ? [] : answers(labels.join('.'), type);
  if (found === undefined) return undefined;
  const records = typeof found === 'number' ? [] : found;
  const header = Buffer.from(query.subarray(0, 12));
  header.writeUInt16BE(0x8180 + (typeof found === 'number' ? found : 0), 2);
  header.writeUInt16BE(records.length, 6);
  header.fill(0, 8);
  const sections = records.map((address) =>
    Buffer.concat([Buffer.from([0xc0, 12, 0, code, 0, 1, 0, 0, 0, 0, 0, address.length]), address]),
  );
  return Buffer.concat([header, query.subarray(12, at + 5), ...sections]);
}
