import type { FastifyPluginCallbackZod } from 'fastify-type-provider-zod';
import type { Services } from './context.ts';

/** A part of the server whose routes are typed by their zod schemas. */
export type ZodApp = Parameters<FastifyPluginCallbackZod>[0];

/** Puts one route on the server. */
export type Route = (app: ZodApp, services: Services) => void;

/** A door's noun: its routes, each put on by a function of its own. */
export function noun(...routes: Route[]): FastifyPluginCallbackZod<{ services: Services }> {
  return (app, { services }, done) => {
    for (const route of routes) route(app, services);
    done();
  };
}
