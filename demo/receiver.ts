/**
 * A process of its own that stands for an organisation's SIEM: it takes webhooks, believes only what
 * it can verify, and tells its parent what came. It ends with its parent.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { versionKey } from './content.ts';
import { whyNotAuthentic } from './verify.ts';

/** What a receiver tells its parent. */
export type ReceiverReport =
  | { kind: 'listening'; port: number }
  | { kind: 'verified'; atMs: number; versions: string[]; withdrawn: string[] }
  | { kind: 'refused'; why: string };

const Event = z.object({
  data: z.object({
    bundle: z.object({
      objects: z.array(z.looseObject({ id: z.string(), modified: z.string().optional() })),
    }),
    context: z.array(z.unknown()),
    withdrawn: z.array(z.string()),
  }),
});

/** Its parent tells it the secret, once the server has given it out. */
let secret: string | undefined;

function tell(report: ReceiverReport): void {
  if (process.connected) process.send?.(report);
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** The status to answer with. */
async function take(request: IncomingMessage): Promise<number> {
  const body = await bodyOf(request);
  if (secret === undefined) return 503;
  const why = whyNotAuthentic(secret, request.headers, body, Date.now());
  if (why !== undefined) {
    tell({ kind: 'refused', why });
    return 401;
  }
  const event = Event.safeParse(JSON.parse(body.toString('utf8')));
  if (!event.success) {
    tell({ kind: 'refused', why: 'the body is not an event of objects' });
    return 400;
  }
  const { bundle, context, withdrawn } = event.data.data;
  // Behind these, the bundle has the definitions of their levels.
  const versions = bundle.objects.slice(0, context.length).map(versionKey);
  tell({ kind: 'verified', atMs: Date.now(), versions, withdrawn });
  return 204;
}

const server = createServer((request, response) => {
  take(request).then(
    (status) => response.writeHead(status).end(),
    () => response.writeHead(400).end(),
  );
});
// A terminal sends these to everybody; the parent ends its children in order.
process.on('SIGINT', () => undefined);
process.on('SIGHUP', () => undefined);
process.on('disconnect', () => process.exit(0));
process.on('message', (given: string) => {
  secret = given;
});
server.listen(0, '127.0.0.1', () => {
  tell({ kind: 'listening', port: (server.address() as AddressInfo).port });
});
