/**
 * Large values on their way to the database, and many rows on their way back. Prisma writes every
 * parameter into JSON and reads it back, bytes as base64, which costs more than all else that a
 * bundle's rows cost us. So a large value goes through it as a short token, in whose place the
 * connection sends the value itself. What Prisma and pg return outlives the young generation, even if
 * it is dropped, and a page of the log is large: so the rows of such a statement are taken aside, too.
 */
import { randomUUID } from 'node:crypto';
import pg from 'pg';

const PREFIX = 'large-value:';
/** A token is not a secret: it is unguessable, so that no text of a stranger's can be taken for one. */
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

/**
 * Runs `statement`, outside of any transaction, with a token for `value`, which is text there. Gives
 * the rows that it finds, each as its columns' values in their order; `statement` sees none of them.
 */
export async function queryAside<Row extends readonly unknown[]>(
  value: string,
  statement: (token: string) => Promise<unknown>,
): Promise<Row[]> {
  let rows: unknown[] | undefined;
  await withLargeValues([value], async ([token = '']) => {
    takers.set(token, (found) => {
      rows = found;
    });
    try {
      await statement(token);
    } finally {
      takers.delete(token);
    }
  });
  if (rows === undefined) throw new Error('The statement did not find its rows through a pool');
  return rows as Row[];
}

type Taker = (rows: unknown[]) => void;

/** Who takes the rows of the statement that was given this token. */
const takers = new Map<unknown, Taker>();

/** A connection that sends large values in the place of their tokens. */
export class LargeValueClient extends pg.Client {
  // Whatever pg takes and gives stays as it is, but for the values and the rows.
  override query: pg.Client['query'] = (...given: unknown[]): never => {
    const [statement] = given;
    if (underWay.size > 0 && hasValues(statement)) {
      const { values } = statement;
      statement.values = values.map(valueFor);
      // A pool waits by a callback, a transaction by a promise.
      const callback = given.at(-1);
      const take = values.map((value) => takers.get(value)).find((taker) => taker !== undefined);
      if (take !== undefined && typeof callback === 'function') {
        given[given.length - 1] = afterTaking(take, callback as Callback);
      }
    }
    return super.query(...(given as [string])) as never;
  };
}

type Callback = (error: Error | undefined, result: { rows: unknown[] } | undefined) => void;

function afterTaking(take: Taker, callback: Callback): Callback {
  return (error, result) => {
    if (result !== undefined) {
      take(result.rows);
      result.rows = [];
    }
    callback(error, result);
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
