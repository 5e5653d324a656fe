/** Bodies and queries that a request need not have. */
import type { RouteOptions } from 'fastify';
import { z } from 'zod';

const known = new WeakMap<z.ZodType, boolean>();

/** Whether a body by this schema may be left out: every one of its members has a default. */
export function mayBeLeftOut(schema: z.ZodType): boolean {
  const answer = known.get(schema) ?? schema.safeParse({}).success;
  known.set(schema, answer);
  return answer;
}

/** The schema of a body, among the schemas of a route. */
export function bodySchemaOf({ body }: { readonly body?: unknown } = {}): z.ZodType | undefined {
  return body instanceof z.ZodType ? body : undefined;
}

const NOTHING = z.strictObject({});
const WITH_BODY: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/** Whether the schema stands for no body at all; then the document names none. */
export function isNothing(schema: unknown): boolean {
  return schema === NOTHING;
}

/**
 * What a route declares no schema for, it does not take: an unknown parameter or member is an error
 * there too, or a filter that does not exist would be ignored without a word.
 */
export function takeNothingElse(route: RouteOptions): void {
  const { config = {}, schema = {} } = route;
  schema.querystring ??= NOTHING;
  const hasBody = [route.method].flat().some((method) => WITH_BODY.has(method));
  if (hasBody && config.takes === undefined) schema.body ??= NOTHING;
  route.schema = schema;
}
