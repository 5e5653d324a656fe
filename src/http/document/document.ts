/** From the routes to the OpenAPI document: what their schemas say, and what their `config` adds. */
import type { SwaggerTransform, SwaggerTransformObject } from '@fastify/swagger';
import {
  createJsonSchemaTransform,
  createJsonSchemaTransformObject,
} from 'fastify-type-provider-zod';
import type { Access } from '../auth/access.ts';
import { BODY_OPTIONAL, withDefaultsInWords, withOptionalBodies } from './bodies.ts';
import { tidyComponents } from './components.ts';
import { bodySchemaOf, isNothing, mayBeLeftOut } from '../validation/left-out.ts';

/** Schemas of bodies that the route itself does not validate, by media type. */
export type Bodies = Readonly<Record<string, object>>;

declare module 'fastify' {
  interface FastifyContextConfig {
    takes?: Bodies;
  }
}

type Options = NonNullable<Parameters<typeof createJsonSchemaTransform>[0]>;
type Override = NonNullable<NonNullable<Options['zodToJsonConfig']>['override']>;

/** Leaves out what zod says beyond what we promise. */
const plain: Override = ({ zodSchema, jsonSchema }) => {
  const { def } = zodSchema._zod;
  // An answer may gain members: only what is declared strict forbids others.
  if (def.type === 'object' && def.catchall === undefined) delete jsonSchema.additionalProperties;
  if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
};

const zodToJsonConfig = { override: plain };
const fromZod = createJsonSchemaTransform({ zodToJsonConfig });
const withComponents = createJsonSchemaTransformObject({ zodToJsonConfig });

/** One route: its roles, its bodies, and that a public one needs no key. */
export const documentRoute: SwaggerTransform = (document) => {
  const { schema, url } = fromZod(withoutNothing(document));
  const { access, takes } = document.route.config ?? {};
  const description = [schema?.description, rolesText(access)].filter((text) => text).join('\n\n');
  return {
    url,
    schema: {
      ...schema,
      ...(description === '' ? {} : { description }),
      ...(access === 'public' ? { security: [] } : {}),
      ...(takes === undefined ? {} : { body: { content: contentOf(takes) } }),
      ...(isBodyOptional(document) ? { [BODY_OPTIONAL]: true } : {}),
    },
  };
};

/** The whole document. */
export const documentObject: SwaggerTransformObject = (document) =>
  tidyComponents(withDefaultsInWords(withOptionalBodies(withComponents(document))));

function rolesText(access: Access | undefined): string {
  if (access === undefined || access === 'public') return '';
  return `For keys and users of the roles ${access.join(', ')}.`;
}

function contentOf(takes: Bodies): Record<string, { schema: object }> {
  return Object.fromEntries(Object.entries(takes).map(([type, schema]) => [type, { schema }]));
}

type Route = Parameters<SwaggerTransform>[0];

/** What a route does not take is not documented. */
function withoutNothing(document: Route): Route {
  const { body, querystring, ...rest } = document.schema ?? {};
  const taken = {
    ...(isNothing(body) ? {} : { body }),
    ...(isNothing(querystring) ? {} : { querystring }),
  };
  return { ...document, schema: { ...rest, ...taken } };
}

function isBodyOptional({ schema }: Route): boolean {
  const body = bodySchemaOf(schema);
  return body !== undefined && !isNothing(body) && mayBeLeftOut(body);
}
