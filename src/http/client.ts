import type { FastifyRequest } from 'fastify';
import type { Client } from '../organisations/sessions.ts';

const AGENT_MAX = 200;

/** From where a request begins a session. */
export function clientOf({ headers, socket, id }: FastifyRequest): Client {
  const agent = (headers['user-agent'] ?? '').slice(0, AGENT_MAX);
  return { address: socket.remoteAddress ?? '', agent, requestId: id };
}
