import type { FastifyRequest } from 'fastify';

/** The path of what a POST to a collection created, without a slash or query that the client added. */
export function locationOf({ routeOptions, url }: FastifyRequest, name: string): string {
  return `${routeOptions.url ?? url}/${name}`;
}
