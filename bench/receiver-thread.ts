/**
 * The receivers of webhooks, in a thread of their own: one port each, as if each were another
 * member's. They answer at once, then look at what came.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import type { Arrivals, ReceiverOptions } from './receivers.ts';

const { count, ids } = workerData as ReceiverOptions;
const MARK = Buffer.from('"id":"indicator--');
const ID_LENGTH = 'indicator--'.length + 36;
const TELL_MS = 20;

if (parentPort === null) throw new Error('Run as a thread');
const port = parentPort;
let pending: Arrivals = fresh();

function fresh(): Arrivals {
  return { posts: 0, objects: 0, bytes: 0, atMs: 0, seen: [], sample: [] };
}

function take(receiver: number, body: Buffer, atMs: number): void {
  pending.posts += 1;
  pending.bytes += body.length;
  pending.atMs = atMs;
  for (let at = body.indexOf(MARK); at >= 0; at = body.indexOf(MARK, at + MARK.length)) {
    pending.objects += 1;
    if (ids) {
      const from = at + MARK.length - 'indicator--'.length;
      pending.seen.push({ id: body.toString('latin1', from, from + ID_LENGTH), atMs });
    }
  }
  if (receiver === 0 && !ids) pending.sample.push(body.length);
}

function listen(receiver: number): Server {
  return createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const atMs = performance.timeOrigin + performance.now();
      response.writeHead(204).end();
      take(receiver, Buffer.concat(chunks), atMs);
    });
  }).listen(0, '127.0.0.1');
}

const servers = Array.from({ length: count }, (_, receiver) => listen(receiver));
await Promise.all(servers.map((server) => once(server, 'listening')));
const urls = servers.map((server) => {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
});
port.postMessage({ urls });
setInterval(() => {
  if (pending.posts === 0) return;
  port.postMessage(pending);
  pending = fresh();
}, TELL_MS);
