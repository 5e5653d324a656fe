import type { Tocsin } from './tocsin.ts';

/** How many rows every table holds, once all is sequenced; but those of
 * workers, who come and go, and of the chain of the audit, which follows it in its own time. */
export async function rowCounts({ sql, sequenced }: Tocsin): Promise<Record<string, number>> {
  await sequenced();
  const tables = await sql<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'public'::regnamespace
       and relkind in ('r', 'p') and not relispartition and relname !~ '^(worker|_prisma_migrations|audit_(pending|leaf|node|checkpoint))$'`,
  );
  const counts = tables.map(
    ({ name }) => `select '${name}' as name, count(*)::int as rows from ${name}`,
  );
  const rows = await sql<{ name: string; rows: number }>(counts.join(' union all '));
  return Object.fromEntries(rows.map(({ name, rows: count }) => [name, count]));
}
