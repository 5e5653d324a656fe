import { readFile, readdir, readlink } from 'node:fs/promises';
import pg from 'pg';

/** A connection of one of Tocsin's pools, as PostgreSQL sees it. */
export interface Backend {
  readonly pid: number;
  /** The port at the other end. */
  readonly client_port: number;
}

const LOOKS_MAX = 400;

/** Lends an owner's connection; undefined where the database is down or goes down meanwhile. */
export async function withOwner<T>(
  url: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T | undefined> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await work(client);
  } catch {
    return undefined;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** The connections of Tocsin's processes. */
export async function findBackends(client: pg.Client): Promise<Backend[]> {
  const { rows } = await client.query<Backend>(
    `select pid, client_port from pg_stat_activity
      where application_name like 'tocsin tocsin%' and pid <> pg_backend_pid()`,
  );
  return rows;
}

/** Waits for a connection that moves the inbox on right now; undefined where none is caught. */
export async function catchSequencing(client: pg.Client): Promise<Backend | undefined> {
  for (let look = 0; look < LOOKS_MAX; look++) {
    const { rows } = await client.query<Backend>(
      `select pid, client_port from pg_stat_activity
        where state = 'active' and query like '%sequence_inbox%' and pid <> pg_backend_pid()`,
    );
    if (rows[0] !== undefined) return rows[0];
  }
  return undefined;
}

/** Which of these processes has the local end of a connection on `port` (Linux). */
export async function holderOf(port: number, pids: readonly number[]): Promise<number | undefined> {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const table = await readFile('/proc/net/tcp', 'utf8').catch(() => '');
  const entries = table.split('\n').map((line) => line.trim().split(/\s+/));
  const inode = entries.find(([, local]) => local?.endsWith(`:${hex}`))?.[9];
  if (inode === undefined) return undefined;
  for (const pid of pids) {
    const names = await readdir(`/proc/${pid}/fd`).catch(() => []);
    const links = names.map((name) => readlink(`/proc/${pid}/fd/${name}`).catch(() => ''));
    if ((await Promise.all(links)).includes(`socket:[${inode}]`)) return pid;
  }
  return undefined;
}
