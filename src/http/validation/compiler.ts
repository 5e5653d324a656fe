/** Validates what a request brings by the zod schemas of its route. */
import type { FastifySchemaCompiler } from 'fastify';
import type { z } from 'zod';
import { Problem } from '../../errors.ts';
import { parsed, type SchemaIssue } from '../../schema-issues.ts';
import { mayBeLeftOut } from './left-out.ts';

/** What each part of a request is called in a sentence, and what its entries are called. */
const PARTS = {
  body: { subject: 'The body', entry: 'member' },
  querystring: { subject: 'The query', entry: 'query parameter' },
  params: { subject: 'The path', entry: 'path parameter' },
  headers: { subject: 'The header', entry: 'header' },
} as const;

/** Fastify's validatorCompiler: what it throws is a Problem invalid_request. */
export const compileValidator: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart = '' }) => {
  const part = isPart(httpPart) ? httpPart : 'body';
  const isLeftOut = part === 'body' && mayBeLeftOut(schema);
  return (data: unknown) => {
    const input = isLeftOut ? (data ?? {}) : data;
    if (part === 'body' && input === null) return { error: missing() };
    const result = parsed(schema, input, PARTS[part]);
    return result.ok ? { value: result.value } : { error: invalid(part, result.issues) };
  };
};

/** A body that its route reads by itself, checked as others are. Throws Problem invalid_request. */
export function checkedBody<S extends z.ZodType>(schema: S, body: unknown): z.output<S> {
  return checked('body', schema, body);
}

/** Query parameters that mean something only once they have been read. Throws Problem invalid_request. */
export function checkedQuery<S extends z.ZodType>(schema: S, query: unknown): z.output<S> {
  return checked('querystring', schema, query);
}

function checked<S extends z.ZodType>(
  part: keyof typeof PARTS,
  schema: S,
  input: unknown,
): z.output<S> {
  const result = parsed(schema, input, PARTS[part]);
  if (result.ok) return result.value;
  throw invalid(part, result.issues);
}

function missing(): Problem {
  return new Problem('body_missing', 'Send a JSON object as the body.', { path: 'body' });
}

function isPart(name: string): name is keyof typeof PARTS {
  return Object.hasOwn(PARTS, name);
}

function invalid(part: keyof typeof PARTS, issues: readonly SchemaIssue[]): Problem {
  const all = issues.map(({ path, detail }) => ({ path: within(part, path), detail }));
  const [first = { path: part, detail: 'The request is not valid.' }] = all;
  return new Problem('invalid_request', first.detail, {
    path: first.path,
    extra: all.length > 1 ? { errors: all } : {},
  });
}

function within(part: string, path: string): string {
  return path === '' ? part : `${part}${path.startsWith('[') ? '' : '.'}${path}`;
}
