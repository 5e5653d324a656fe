/**
 * What PostgreSQL, its driver and Prisma say when the database cannot be reached, shuts down or
 * starts up, let go of a connection or did not answer in time: SQLSTATE 08xxx, 53300, 57014 and 57P01
 * to 57P03 (PostgreSQL, appendix A), and words where there is no code.
 */
const SAID =
  /\b(?:08\d{3}|53300|57014|57P0[123])\b|transaction api error|can't reach database server|closed the connection|connectionclosed|connection terminated|connection error and is not queryable|terminating connection|trying to connect/i;

/**
 * Whether an error says nothing about the request, only that the database is not there just now.
 * What was being written may have been committed all the same.
 */
export function isOutage(error: unknown): boolean {
  return error instanceof Error && (SAID.test(error.message) || isOutage(error.cause));
}

/** SQLSTATE 53100 disk_full and 53200 out_of_memory, and what Node says of our own files. */
const FULL: ReadonlySet<unknown> = new Set(['53100', '53200', 'ENOSPC', 'EDQUOT']);
const FULL_SAID = /Code: `53[12]00`|No space left on device/;

/** Whether something failed for want of room: on the disk of the database, or on our own. */
export function isStorageFull(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { code, originalCode, message, cause } = error as Partial<Record<string, unknown>>;
  if (FULL.has(code) || FULL.has(originalCode)) return true;
  return (typeof message === 'string' && FULL_SAID.test(message)) || isStorageFull(cause);
}
