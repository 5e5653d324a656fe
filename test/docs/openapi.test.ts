import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { openApiDocument } from '../../scripts/openapi-document.ts';

const FILE = join(import.meta.dirname, '../../openapi.yaml');

/** OpenAPI 3.1.0 §4.8, as far as we use it; strict where we write the keys ourselves. */
const content = z.record(
  z.string().regex(/^[a-z]+\/[a-z+.-]+$/),
  z.strictObject({ schema: z.looseObject({}), example: z.unknown().optional() }),
);
const parameter = z.object({
  name: z.string(),
  in: z.enum(['query', 'path', 'header']),
  required: z.boolean(),
  description: z.string().min(4),
  schema: z.looseObject({}),
});
const operation = z.strictObject({
  operationId: z.string(),
  summary: z.string().min(4),
  description: z.string().optional(),
  tags: z.array(z.string()).length(1),
  parameters: z.array(parameter).default([]),
  requestBody: z.strictObject({ required: z.boolean(), content }).optional(),
  responses: z.record(
    z.string().regex(/^[2-5]\d\d$/),
    z.strictObject({ description: z.string().min(3), content: content.optional() }),
  ),
  security: z.array(z.record(z.string(), z.array(z.string()))).optional(),
});
const Document = z.strictObject({
  openapi: z.literal('3.1.0'),
  info: z.looseObject({ title: z.string(), version: z.string(), description: z.string() }),
  servers: z.array(z.strictObject({ url: z.string() })),
  tags: z.array(z.strictObject({ name: z.string(), description: z.string() })),
  components: z.strictObject({
    schemas: z.record(z.string(), z.looseObject({})),
    securitySchemes: z.record(z.string(), z.looseObject({ type: z.string() })),
  }),
  security: z.array(z.record(z.string(), z.array(z.string()))),
  paths: z.record(
    z.string().startsWith('/'),
    z.partialRecord(z.enum(['get', 'post', 'put', 'patch', 'delete']), operation),
  ),
});

let document: z.infer<typeof Document>;
let operations: { path: string; method: string; operation: z.infer<typeof operation> }[];

beforeAll(() => {
  document = Document.parse(parse(readFileSync(FILE, 'utf8')));
  operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, one]) => ({ path, method, operation: one })),
  );
});

describe('openapi.yaml', () => {
  it('is what the routes say', async () => {
    const made = await openApiDocument();
    expect(parse(readFileSync(FILE, 'utf8'))).toEqual(JSON.parse(JSON.stringify(made)));
  });

  it('has references that lead somewhere, and no schema that nobody refers to', () => {
    const text = JSON.stringify(document);
    const refs = [...text.matchAll(/"\$ref":"([^"]*)"/g)].map(([, ref = '']) => ref);
    const known = Object.keys(document.components.schemas).map((name) => schemaRef(name));
    expect(refs.length).toBeGreaterThan(20);
    expect(new Set(refs)).toEqual(new Set(known));
  });

  it('names every operation once, under a tag that is explained', () => {
    const ids = operations.map((one) => one.operation.operationId);
    expect(ids.length).toBeGreaterThan(15);
    expect(new Set(ids).size).toBe(ids.length);
    const tags = new Set(document.tags.map(({ name }) => name));
    expect(tags).toEqual(new Set(operations.flatMap((one) => one.operation.tags)));
  });

  it('says what every answer means', () => {
    expect(JSON.stringify(document)).not.toContain('Default Response');
  });

  it('declares the parameters that a path has', () => {
    for (const { path, operation: one } of operations) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const declared = one.parameters.filter((given) => given.in === 'path');
      expect(declared.map(({ name }) => name)).toEqual(inPath);
      expect(declared.every(({ required }) => required)).toBe(true);
    }
  });

  it('answers errors, and nothing else, with problem+json', () => {
    for (const { operation: one } of operations) {
      for (const [status, response] of Object.entries(one.responses)) {
        const types = Object.keys(response.content ?? {});
        if (Number(status) < 400) expect(types).not.toContain('application/problem+json');
        else expect(types).toEqual(['application/problem+json']);
      }
    }
  });

  it('needs a key everywhere but on the public routes', () => {
    const open = operations.filter((one) => one.operation.security?.length === 0);
    expect(open.map(({ path }) => path).toSorted()).toEqual([
      '/api/v1/invitations/accept',
      '/api/v1/invitations/describe',
      '/api/v1/sessions',
      '/api/v1/sessions/refresh',
      '/api/v1/sessions/sign-out',
      '/api/v1/sso/binding',
      '/api/v1/sso/binding',
      '/api/v1/sso/callback',
      '/api/v1/sso/second-factor',
      '/api/v1/sso/start',
      '/healthz',
      '/metrics',
      '/readyz',
    ]);
    const guarded = operations.filter((one) => one.operation.security === undefined);
    expect(guarded.length + open.length).toBe(operations.length);
    for (const { path, operation: one } of guarded) {
      expect(Object.keys(one.responses), path).toEqual(expect.arrayContaining(['401', '403']));
      expect(one.description, path).toMatch(/For keys and users of the roles admin/);
    }
    const schemes = document.security.flatMap((scheme) => Object.keys(scheme));
    expect(schemes.toSorted()).toEqual(Object.keys(document.components.securitySchemes).toSorted());
  });

  it('tells the body of every post that has one, with examples of what is posted', () => {
    const bodies = new Map(
      operations.map((one) => [one.operation.operationId, one.operation.requestBody?.content]),
    );
    expect(Object.keys(bodies.get('postBundle') ?? {})).toEqual([
      'application/json',
      'application/stix+json',
      'application/x-ndjson',
    ]);
    expect(Object.keys(bodies.get('postIndicator') ?? {})).toEqual([
      'application/json',
      'application/stix+json',
    ]);
    for (const id of ['postBundle', 'postIndicator']) {
      const examples = Object.values(bodies.get(id) ?? {}).map(({ example }) => example);
      expect(examples.every((example) => example !== undefined)).toBe(true);
    }
    expect(bodies.get('createSubscription')).toBeDefined();
  });

  it('tells the media types of the changes and the stream', () => {
    expect(mediaTypes('getChanges')).toEqual(['application/json', 'application/x-ndjson']);
    expect(mediaTypes('getStream')).toEqual(['text/event-stream']);
    const stream = operations.find((one) => one.operation.operationId === 'getStream');
    const headers = stream?.operation.parameters.filter((given) => given.in === 'header');
    expect(headers?.map(({ name }) => name)).toEqual(['last-event-id']);
  });
});

function mediaTypes(operationId: string): string[] {
  const found = operations.find((one) => one.operation.operationId === operationId);
  return Object.keys(found?.operation.responses['200']?.content ?? {});
}

function schemaRef(name: string): string {
  return `#/components/schemas/${name}`;
}
