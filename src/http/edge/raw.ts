import type { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';

/** A reply of any route. */
type AnyReply = Pick<FastifyReply, 'raw'> & {
  header(name: string, value: string): unknown;
  serializer(serialize: (payload: string) => string): unknown;
  send(payload: never): { then(sent: () => void, failed: (error: Error) => void): void };
};

/**
 * Answers with a body that is text or bytes already, or a stream of them. Its schema documents what it is,
 * but objects that are kept as JSON are not parsed only to be written again.
 */
export async function sendRaw(
  reply: AnyReply,
  contentType: string,
  body: string | Buffer | Readable,
): Promise<void> {
  reply.header('content-type', contentType);
  reply.serializer((text) => text);
  const sent = reply.send(body as never);
  await new Promise<void>((resolve, reject) => sent.then(resolve, reject));
}
