import { createHash } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import pg from 'pg';
import { createTurns, type Turns } from '../../concurrency/turns.ts';
import { Problem } from '../../errors.ts';
import { PrismaClient } from '../generated/client.ts';
import { LargeValueClient } from './large-values.ts';
import { createRoom, type Room } from './room.ts';
import { LOCK_LIMIT } from './locks.ts';
import { retried } from './transient.ts';

/**
 * The connections of one process, in two pools that differ by what their role may do:
 * `content` works on shared content and sees nothing until a viewer is entered (see asViewer);
 * `server` keeps the books (keys, leases, attempts) and has no right on shared content at all.
 */
export interface Database {
  readonly url: string;
  readonly content: PrismaClient;
  readonly server: PrismaClient;
  /** Whether there is room to store anything. */
  readonly room: Room;
  /** Organisations take turns at the connections of `content`. */
  readonly turns: Turns;
  /** So do they at the few of these that searches may hold, each for seconds. */
  readonly searchTurns: Turns;
  /** How many connections each pool has, and how much work waits for one. */
  connections(): PoolCount[];
  close(): Promise<void>;
}

export interface PoolCount {
  readonly pool: string;
  readonly busy: number;
  readonly idle: number;
  readonly waiting: number;
}

export interface DatabaseOptions {
  readonly url: string;
  /** Connections of the content pool; the server pool has half as many, at least two. */
  readonly poolMax: number;
  /** Told when an idle connection breaks; the pool replaces it. */
  readonly onError: (error: Error) => void;
  /** Of the disk that the database is on, where that can be looked at. */
  readonly room?: Room;
}

const TURN_WAIT_MS = 30_000;
const RETRY_AFTER_S = 5;

/** A third of the connections: the others stay free for reads and posts, which are short. */
function searchesMax(poolMax: number): number {
  return Math.max(1, Math.floor(poolMax / 3));
}

function busy(): Problem {
  return new Problem('server_busy', 'The database is busy. Try again later', {
    extra: { retry_after: RETRY_AFTER_S },
  });
}

/** Opens both pools. Connects lazily: a database that is down shows at the first query. */
export function openDatabase({
  url,
  poolMax,
  onError,
  room = createRoom(),
}: DatabaseOptions): Database {
  const content = openPool(url, 'tocsin_app', poolMax, onError);
  const server = openPool(url, 'tocsin_server', Math.max(2, Math.ceil(poolMax / 2)), onError);
  return {
    url,
    content: content.client,
    server: server.client,
    room,
    turns: createTurns({ running: poolMax, waitMs: TURN_WAIT_MS, busy }),
    searchTurns: createTurns({ running: searchesMax(poolMax), waitMs: TURN_WAIT_MS, busy }),
    connections: () => [
      { pool: 'content', ...count(content.pool) },
      { pool: 'server', ...count(server.pool) },
    ],
    close: async () => {
      await Promise.all([content.close(), server.close()]);
    },
  };
}

interface OpenPool {
  readonly pool: pg.Pool;
  readonly client: PrismaClient;
  close(): Promise<void>;
}

function openPool(
  url: string,
  role: string,
  max: number,
  onError: (error: Error) => void,
): OpenPool {
  const pool = new pg.Pool({
    connectionString: url,
    max,
    // Prisma sends and reads times without a zone, as those of UTC.
    options: `-c role=${role} -c TimeZone=UTC ${LOCK_LIMIT}`,
    application_name: `tocsin ${role}`,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    Client: LargeValueClient,
  });
  let closing = false;
  // A pool ends before its sockets are closed: it is not a fault if the database closes them first.
  const report = (error: Error): void => {
    if (!closing) onError(error);
  };
  // Not the adapter's: that one is gone before the pool has ended, and an error nobody hears ends us.
  pool.on('error', report);
  const adapter = new RetryingPg(pool, {
    onConnectionError: report,
    statementNameGenerator: ({ sql }) => statementName(sql),
  });
  const client = new PrismaClient({
    adapter,
    transactionOptions: { maxWait: 30_000, timeout: 120_000 },
  });
  const close = async (): Promise<void> => {
    closing = true;
    await client.$disconnect();
    await pool.end();
  };
  return { pool, client, close };
}

/** Tries single statements again, as asViewer and asServer try their transactions. */
class RetryingPg extends PrismaPg {
  override async connect() {
    const adapter = await super.connect();
    const query = adapter.queryRaw.bind(adapter);
    const execute = adapter.executeRaw.bind(adapter);
    // Statements of a transaction do not come here.
    adapter.queryRaw = (statement) => retried(() => query(statement));
    adapter.executeRaw = (statement) => retried(() => execute(statement));
    return adapter;
  }
}

function count(pool: pg.Pool): Omit<PoolCount, 'pool'> {
  const { totalCount: open, idleCount: idle, waitingCount: waiting } = pool;
  return { busy: open - idle, idle, waiting };
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
