/** `Expect: 100-continue`: a client sends its body only after the server has agreed to read it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';

const waiting = new WeakMap<IncomingMessage, ServerResponse>();

/** Without this, Node would ask for the body before anybody has looked at the credential. */
export function awaitGoAhead(app: FastifyInstance): void {
  app.server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    waiting.set(request, response);
    app.server.emit('request', request, response);
  });
}

/** Asks for the body where the client waits for that. */
export function goAhead(request: IncomingMessage): void {
  waiting.get(request)?.writeContinue();
  waiting.delete(request);
}

/** Whether the client may never send its body, since it was not asked for it. */
export function waitsForGoAhead(request: IncomingMessage): boolean {
  return waiting.has(request);
}
