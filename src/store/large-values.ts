/**
 * Large values on their way to the database. Prisma writes every parameter into JSON and reads it
 * back, bytes as base64, which costs more than all else that a bundle's rows cost us. So a large
 * value goes through it as a short token, in whose place the connection sends the value itself.
 */
import { randomUUID } from 'node:crypto';
import pg from 'pg';

const PREFIX = 'large-value:';
/** A token is no secret: it is unguessable, so that no text of a stranger's can be taken for one. */
const underWay = new Map<string, Buffer | string>();

/**
 * Runs `statement` with a token for each value, to be put where the parameter goes; bytes are
 * `bytea` there, a string is text.
 */
export async function withLargeValues<T>(
  values: readonly (Buffer | string)[],
  statement: (tokens: readonly string[]) => Promise<T>,
): Promise<T> {
  const tokens = values.map((value) => {
    const token = `${PREFIX}${randomUUID()}`;
    underWay.set(token, value);
    return token;
  });
  try {
    return await statement(tokens);
  } finally {
    for (const token of tokens) underWay.delete(token);
  }
}

/** A connection that sends large values in the place of their tokens. */
export class LargeValueClient extends pg.Client {
  // Whatever pg takes and gives stays as it is, but for the values.
  override query: pg.Client['query'] = (...given: unknown[]): never => {
    const [statement] = given;
    if (underWay.size > 0 && hasValues(statement)) {
      statement.values = statement.values.map(valueFor);
    }
    return super.query(...(given as [string])) as never;
  };
}

function hasValues(statement: unknown): statement is { values: unknown[] } {
  if (typeof statement !== 'object' || statement === null) return false;
  return 'values' in statement && Array.isArray(statement.values);
}

function valueFor(value: unknown): unknown {
  if (typeof value !== 'string' || !value.startsWith(PREFIX)) return value;
  return underWay.get(value) ?? value;
}
