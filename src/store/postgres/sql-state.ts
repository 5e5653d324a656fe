/** The SQLSTATE of a failure (PostgreSQL, appendix A), from the driver or from Prisma. */

/** How deep an error may be in others: Prisma's in that of a transaction, the adapter's in Prisma's. */
const DEPTH_MAX = 5;

/** Of an error of pg, of Prisma's adapter or of Prisma; undefined for one that the server did not send. */
export function sqlStateOf(error: unknown, depth = 0): string | undefined {
  if (typeof error !== 'object' || error === null || depth > DEPTH_MAX) return undefined;
  const { code, originalCode, cause, meta } = error as Partial<Record<string, unknown>>;
  if (isState(originalCode)) return originalCode;
  if (isState(code)) return code;
  const adapted = (meta as { readonly driverAdapterError?: unknown } | undefined)
    ?.driverAdapterError;
  return sqlStateOf(adapted, depth + 1) ?? sqlStateOf(cause, depth + 1);
}

/** Codes of Prisma (P2010) and of Node (EPIPE) look different. */
function isState(code: unknown): code is string {
  return (
    typeof code === 'string' &&
    /^[0-9A-Z]{5}$/.test(code) &&
    !/^(?:P[12]\d{3}|E[A-Z]{4})$/.test(code)
  );
}
