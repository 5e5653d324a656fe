import pg from 'pg';
import type { Kind, Statement } from './statements.ts';

/** A column of what a statement returns. */
interface Column {
  readonly name: string;
  readonly type: number;
  /** The table and number of the column that it is; 0 where it is computed. */
  readonly table: number;
  readonly number: number;
}

interface Described {
  readonly parameters: readonly number[];
  readonly columns: readonly Column[];
}

interface FieldMessage {
  readonly fields: readonly {
    readonly name: string;
    readonly dataTypeID: number;
    readonly tableID: number;
    readonly columnID: number;
  }[];
}

/** Has the server parse a statement and describe it, without running it (PostgreSQL, 54.2.3). */
class Description implements pg.Submittable {
  readonly done: Promise<Described>;
  readonly #sql: string;
  #parameters: readonly number[] = [];
  #columns: Column[] = [];
  #resolve: (described: Described) => void = () => undefined;
  #reject: (error: Error) => void = () => undefined;

  constructor(sql: string) {
    this.#sql = sql;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  submit(connection: pg.Connection): void {
    connection.once('parameterDescription', ({ dataTypeIDs }: { dataTypeIDs: number[] }) => {
      this.#parameters = dataTypeIDs;
    });
    connection.parse({ text: this.#sql, name: '', types: [] }, true);
    connection.describe({ type: 'S', name: '' }, true);
    connection.sync();
  }

  handleRowDescription({ fields }: FieldMessage): void {
    this.#columns = fields.map((field) => ({
      name: field.name,
      type: field.dataTypeID,
      table: field.tableID,
      number: field.columnID,
    }));
  }

  /** After an error, pg does not say when it is ready. */
  handleError(error: Error): void {
    this.#reject(error);
  }

  handleReadyForQuery(): void {
    this.#resolve({ parameters: this.#parameters, columns: this.#columns });
  }
}

/** By the oid of a type (pg_type.dat of PostgreSQL): what its values are in TypeScript. */
const KINDS: ReadonlyMap<number, string> = new Map([
  [16, 'boolean'],
  [17, 'bytes'],
  [20, 'bigint'],
  [21, 'number'],
  [23, 'number'],
  [25, 'string'],
  [114, 'object'],
  [701, 'number'],
  [1001, 'bytes[]'],
  [1005, 'number[]'],
  [1007, 'number[]'],
  [1009, 'string[]'],
  [1043, 'string'],
  [1082, 'Date'],
  [1184, 'Date'],
  [2950, 'string'],
  [2951, 'string[]'],
  [3802, 'object'],
]);
const VOID = 2278;

/** What is wrong with a statement on this database; nothing for a sound one. */
export async function faultsOf(client: pg.Client, statement: Statement): Promise<string[]> {
  try {
    const { parameters, columns } = await client.query(new Description(statement.sql)).done;
    return [
      ...parameterFaults(statement, parameters),
      ...(statement.columns === undefined
        ? []
        : await columnFaults(client, statement.columns, columns)),
      ...(await rightsFaults(client, statement)),
    ].map((fault) => `${statement.at}: ${fault}`);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error;
    return [`${statement.at}: ${error.message}`];
  }
}

/** Of the parameters, texts may be anything: PostgreSQL reads them as the type that it needs. */
function parameterFaults({ parameters }: Statement, types: readonly number[]): string[] {
  return parameters.flatMap(({ name }, index) => {
    const type = types[index] ?? 0;
    const wanted = KINDS.get(type) ?? `type ${type}`;
    const fits =
      name === wanted ||
      name === 'null' ||
      name === 'string' ||
      (name === 'number' && wanted === 'bigint');
    return fits ? [] : [`$${index + 1} is ${wanted} for PostgreSQL, and ${name} in TypeScript`];
  });
}

async function columnFaults(
  client: pg.Client,
  expected: ReadonlyMap<string, Kind>,
  columns: readonly Column[],
): Promise<string[]> {
  const returned = new Map(columns.map((column) => [column.name, column]));
  const faults = [...returned.keys()]
    .filter((name) => !expected.has(name))
    .map((name) => `column ${name} is not in the type of its rows`);
  for (const [name, kind] of expected) {
    const column = returned.get(name);
    if (column === undefined) faults.push(`it returns no column ${name}`);
    else faults.push(...(await columnFault(client, kind, column)));
  }
  return faults;
}

async function columnFault(
  client: pg.Client,
  { name: kind, nullable }: Kind,
  { name, type, table, number }: Column,
): Promise<string[]> {
  const actual = type === VOID ? 'void' : (KINDS.get(type) ?? `type ${type}`);
  const faults: string[] = [];
  const isJson = actual === 'object' && /^(object|unknown)/.test(kind);
  // A text of which only some are possible is `string` here, too: see nameOf.
  if (actual !== kind && !isJson) {
    faults.push(`column ${name} is ${actual} for PostgreSQL, and ${kind} in TypeScript`);
  }
  if (table === 0 || nullable) return faults;
  const { rows } = await client.query<{ nullable: boolean }>(
    `select not attnotnull as nullable from pg_attribute join pg_class c on c.oid = attrelid
     where attrelid = $1 and attnum = $2 and relkind <> 'v'`,
    [table, number],
  );
  if (rows[0]?.nullable === true)
    faults.push(`column ${name} may be null, in TypeScript it may not`);
  return faults;
}

/** Whether a role that runs it may do so: explaining a statement asks for its rights. */
async function rightsFaults(client: pg.Client, { sql, role }: Statement): Promise<string[]> {
  if (!/^\s*(?:with|select|insert|update|delete)\b/i.test(sql)) return [];
  const faults: string[] = [];
  const roles = role === undefined ? ['tocsin_app', 'tocsin_server'] : [role];
  for (const one of roles) {
    try {
      await client.query(`begin; set local role ${one}; explain (generic_plan) ${sql}`);
    } catch (error) {
      faults.push(`${one}: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      await client.query('rollback');
    }
  }
  return faults.length < roles.length ? [] : faults;
}
