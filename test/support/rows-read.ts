import type { Database } from '../../src/store/postgres/database.ts';
import { Prisma } from '../../src/store/generated/client.ts';

/** The rows that the transactions of one database have read from a table, dead rows left out. */
export interface RowsRead {
  /** The database, with every interactive transaction on content counted. */
  readonly db: Database;
  /** The rows read since the last call. */
  take(): number;
}

/**
 * Counts the rows that content transactions read from a table, whatever the statements are. The
 * counters are PostgreSQL's own and those of the transaction, so other sessions do not disturb them.
 */
export function countRowsRead(db: Database, table: string): RowsRead {
  let rows = 0;
  const content = new Proxy(db.content, {
    get(client, name) {
      if (name !== '$transaction') return Reflect.get(client, name, client) as unknown;
      return (work: (tx: Prisma.TransactionClient) => Promise<unknown>) =>
        client.$transaction(async (tx) => {
          const before = await readSoFar(tx, table);
          const result = await work(tx);
          rows += (await readSoFar(tx, table)) - before;
          return result;
        });
    },
  });
  return {
    db: { ...db, content },
    take: () => {
      const taken = rows;
      rows = 0;
      return taken;
    },
  };
}

async function readSoFar(tx: Prisma.TransactionClient, table: string): Promise<number> {
  const [row] = await tx.$queryRaw<{ rows: number }[]>`
    select (coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::float8 as rows
    from pg_stat_xact_user_tables where relname = ${table}`;
  return row?.rows ?? 0;
}
