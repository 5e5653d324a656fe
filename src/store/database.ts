import { createHash } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from './generated/client.ts';

/**
 * The connections of one process, in two pools that differ by what their role may do:
 * `content` works on shared content and sees nothing until a viewer is entered (see asViewer);
 * `server` keeps the books (keys, leases, attempts) and has no right on shared content at all.
 */
export interface Database {
  readonly url: string;
  readonly content: PrismaClient;
  readonly server: PrismaClient;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  readonly url: string;
  /** Connections of the content pool; the server pool has half as many, at least two. */
  readonly poolMax: number;
  /** Told when an idle connection breaks; the pool replaces it. */
  readonly onError: (error: Error) => void;
}

/** Opens both pools. Connects lazily: a database that is down shows at the first query. */
export function openDatabase({ url, poolMax, onError }: DatabaseOptions): Database {
  const content = client(url, 'tocsin_app', poolMax, onError);
  const server = client(url, 'tocsin_server', Math.max(2, Math.ceil(poolMax / 2)), onError);
  return {
    url,
    content,
    server,
    close: async () => {
      await Promise.all([content.$disconnect(), server.$disconnect()]);
    },
  };
}

function client(
  url: string,
  role: string,
  max: number,
  onError: (error: Error) => void,
): PrismaClient {
  const pool = {
    connectionString: url,
    max,
    options: `-c role=${role}`,
    application_name: `tocsin ${role}`,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
  };
  const adapter = new PrismaPg(pool, {
    onPoolError: onError,
    onConnectionError: onError,
    statementNameGenerator: ({ sql }) => statementName(sql),
  });
  return new PrismaClient({
    adapter,
    transactionOptions: { maxWait: 30_000, timeout: 120_000 },
  });
}

const names = new Map<string, string>();

/** A prepared statement's name: statements are few and fixed, so each is planned once. */
function statementName(sql: string): string {
  let name = names.get(sql);
  if (name === undefined) {
    name = createHash('sha256').update(sql).digest('base64url').slice(0, 20);
    names.set(sql, name);
  }
  return name;
}
