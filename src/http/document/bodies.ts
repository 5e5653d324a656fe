/** What an OpenAPI document says of bodies, so that generated clients can leave out what they may. */

/** Says, until the document is whole, that the body of an operation may be left out. */
export const BODY_OPTIONAL = 'x-body-optional';

/** Marks the bodies that may be left out, since @fastify/swagger requires all of them. */
export function withOptionalBodies<D extends object>(document: D): D {
  return JSON.parse(JSON.stringify(document), (_key, value: unknown) => {
    if (!isOperation(value)) return value;
    const { [BODY_OPTIONAL]: _, requestBody, ...operation } = value;
    return { ...operation, requestBody: { ...requestBody, required: false } };
  });
}

function isOperation(
  value: unknown,
): value is { [BODY_OPTIONAL]: true; requestBody: object; [name: string]: unknown } {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, BODY_OPTIONAL);
}

/**
 * Moves the defaults of members into their descriptions. Generators such as openapi-typescript take a
 * `default` for a member that is always there, and so require it in what is sent. Parameters keep it:
 * whether one is required is said beside its schema.
 */
export function withDefaultsInWords<D extends object>(document: D): D {
  return JSON.parse(JSON.stringify(document), (key, value: unknown) => {
    if (key !== 'properties' || typeof value !== 'object' || value === null) return value;
    const members = Object.entries(value).map(([name, member]) => [name, inWords(member)]);
    return Object.fromEntries(members) as unknown;
  });
}

function inWords(member: unknown): unknown {
  if (typeof member !== 'object' || member === null || !('default' in member)) return member;
  const { default: value, ...rest } = member;
  const words = 'description' in rest ? `${String(rest.description).replace(/\.$/, '')}. ` : '';
  return { ...rest, description: `${words}Default: \`${JSON.stringify(value)}\`` };
}
