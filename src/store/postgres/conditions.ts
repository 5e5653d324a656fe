import { Prisma } from '../generated/client.ts';

/** A condition that holds where all of these do; those that are undefined are left out. */
export function all(...conditions: readonly (Prisma.Sql | undefined)[]): Prisma.Sql {
  const given = conditions.filter((condition) => condition !== undefined);
  return given.length === 0 ? Prisma.sql`true` : Prisma.join(given, ' and ', '(', ')');
}
