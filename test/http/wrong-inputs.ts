/** Makes wrong requests from the OpenAPI document: one thing wrong in each, at every member there is. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

/** JSON Schema, as far as the document uses it. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly additionalProperties?: unknown;
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly schema: Schema;
}

export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly body: Schema | undefined;
  readonly isBodyRequired: boolean;
  readonly isPublic: boolean;
}

interface Described {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: {
    readonly required: boolean;
    readonly content: Readonly<Record<string, { readonly schema: Schema }>>;
  };
  readonly security?: readonly unknown[];
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

const FILE = join(import.meta.dirname, '../../openapi.yaml');
const document = parse(readFileSync(FILE, 'utf8')) as Document;

/** Every operation of the REST door, with the schema of its body where the route validates one. */
export function operations(): Operation[] {
  return Object.entries(document.paths)
    .filter(([path]) => path.startsWith('/api/'))
    .flatMap(([path, item]) =>
      Object.entries(item).map(([method, one]) => operation(method, path, one)),
    );
}

function operation(method: string, path: string, one: Described): Operation {
  const types = Object.entries(one.requestBody?.content ?? {});
  const [only] = types.length === 1 ? types : [];
  return {
    method: method.toUpperCase(),
    path,
    parameters: one.parameters ?? [],
    body: only?.[0] === 'application/json' ? only[1].schema : undefined,
    isBodyRequired: one.requestBody?.required === true,
    isPublic: one.security?.length === 0,
  };
}

/** One wrong input, and the path at which the answer has to find the fault. */
export interface Wrong {
  readonly path: string;
  readonly input: unknown;
  /** What the answer has to say. */
  readonly told: RegExp;
}

/** Wrong inputs for a schema that is an object: at it, and at each of its members. */
export function wrongObjects(schema: Schema): Wrong[] {
  const { properties = {}, required = [], additionalProperties } = resolved(schema);
  const members = Object.entries(properties);
  const unknown =
    additionalProperties === false ? [unknownMember(), ...members.slice(0, 1).map(misspelt)] : [];
  const missing = required.map((name) => ({ path: name, input: {}, told: /is missing\.$/ }));
  const within = members.flatMap(([name, member]) =>
    wrongValues(member).map(({ path, input, told }) => ({
      path: joined(name, path),
      input: { [name]: input },
      told,
    })),
  );
  return [...unknown, ...missing, ...within];
}

function unknownMember(): Wrong {
  const told = /^Unknown (member|query parameter): `no_such_thing`\.$/;
  return { path: 'no_such_thing', input: { no_such_thing: '1' }, told };
}

function misspelt([name]: [string, Schema]): Wrong {
  const wrong = name.slice(0, 1).toUpperCase() + name.slice(1);
  const told = new RegExp(`: \`${wrong}\`\\. Did you mean \`${name}\`\\?$`);
  return { path: wrong, input: { [wrong]: '1' }, told };
}

/** Wrong values for any schema, with paths below it. */
function wrongValues(given: Schema): Wrong[] {
  const schema = resolved(given);
  if (schema.anyOf !== undefined) return ofAlternatives(schema.anyOf.map(resolved));
  const wrong = (input: unknown): Wrong => ({ path: '', input, told: /must / });
  if (schema.enum !== undefined) return [wrong('no such value'), wrong(7)];
  switch (schema.type) {
    case 'string':
      return [wrong(7), wrong({}), ...tooLong(schema).map(wrong)];
    case 'integer':
    case 'number':
      return [wrong('high'), ...beyond(schema).map(wrong)];
    case 'boolean':
      return [wrong('maybe')];
    case 'array':
      return [wrong('x'), ...ofItems(schema)];
    case 'object':
      return [wrong('x'), ...wrongObjects(schema)];
    default:
      return [];
  }
}

function ofAlternatives(alternatives: readonly Schema[]): Wrong[] {
  const objects = alternatives.filter(({ type }) => type === 'object');
  const types = alternatives.map(({ type }) => type);
  const value = types.includes('boolean') ? 'maybe' : true;
  return [{ path: '', input: value, told: /must / }, ...objects.flatMap(wrongObjects)];
}

function ofItems({ items, maxItems }: Schema): Wrong[] {
  const inner = items === undefined ? [] : wrongValues(items);
  const within = inner.map(({ path, input, told }) => ({
    path: path === '' ? '[0]' : `[0].${path}`,
    input: [input],
    told,
  }));
  const many = maxItems === undefined || maxItems > 1000 ? [] : [Array(maxItems + 1).fill('x')];
  return [...within, ...many.map((input) => ({ path: '', input, told: /must be a list of / }))];
}

function tooLong({ maxLength }: Schema): string[] {
  return maxLength === undefined || maxLength > 4000 ? [] : ['x'.repeat(maxLength + 1)];
}

function beyond({ minimum, maximum }: Schema): number[] {
  return [
    ...(minimum === undefined ? [] : [minimum - 1]),
    ...(maximum === undefined ? [] : [maximum + 1]),
  ];
}

function resolved(schema: Schema): Schema {
  const name = schema.$ref?.split('/').at(-1);
  return name === undefined ? schema : resolved(document.components.schemas[name] ?? {});
}

function joined(name: string, path: string): string {
  if (path === '') return name;
  return path.startsWith('[') ? `${name}${path}` : `${name}.${path}`;
}
