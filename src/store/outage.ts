/**
 * What PostgreSQL, its driver and Prisma say when the database cannot be reached, shuts down or
 * starts up, or let go of a connection: SQLSTATE 08xxx, 53300 and 57P01 to 57P03 (PostgreSQL,
 * appendix A), and words where there is no code.
 */
const SAID =
  /\b(?:08\d{3}|53300|57P0[123])\b|can't reach database server|closed the connection|connectionclosed|connection terminated|connection error and is not queryable|terminating connection|trying to connect/i;

/**
 * Whether an error says nothing about the request, only that the database is not there just now.
 * What was being written may have been committed all the same.
 */
export function isOutage(error: unknown): boolean {
  return error instanceof Error && (SAID.test(error.message) || isOutage(error.cause));
}
