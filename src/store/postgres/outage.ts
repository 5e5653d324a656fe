import { sqlStateOf } from './sql-state.ts';

/**
 * When the database cannot be reached, shuts down or starts up, or ended a session: connection_exception,
 * too_many_connections, query_canceled, admin_shutdown, crash_shutdown and cannot_connect_now.
 */
const AWAY = /^(?:08\d{3}|53300|57014|57P0[123])$/;

/** What pg and Prisma say where no server answered: none of it has a code that is always there. */
const SAID =
  /transaction api error|can't reach database server|closed the connection|connectionclosed|connection terminated|connection error and is not queryable|terminating connection|trying to connect/i;

/**
 * Whether an error says nothing about the request, only that the database is not there just now.
 * What was being written may have been committed all the same.
 */
export function isOutage(error: unknown): boolean {
  const state = sqlStateOf(error);
  if (state !== undefined) return AWAY.test(state);
  return error instanceof Error && (SAID.test(error.message) || isOutage(error.cause));
}

/** SQLSTATE 53100 disk_full and 53200 out_of_memory, and what Node says of our own files. */
const FULL: ReadonlySet<unknown> = new Set(['53100', '53200', 'ENOSPC', 'EDQUOT']);
const FULL_SAID = /No space left on device/;

/** Whether something failed for want of room: on the disk of the database, or on our own. */
export function isStorageFull(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  if (FULL.has(sqlStateOf(error))) return true;
  const { code, message, cause } = error as Partial<Record<string, unknown>>;
  if (FULL.has(code)) return true;
  return (typeof message === 'string' && FULL_SAID.test(message)) || isStorageFull(cause);
}
