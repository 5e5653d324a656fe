import type { Tocsin } from './tocsin.ts';

/** How many rows every table holds, but those of workers, who come and go. */
export async function rowCounts({ sql }: Tocsin): Promise<Record<string, number>> {
  const tables = await sql<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'public'::regnamespace
       and relkind in ('r', 'p') and not relispartition and relname not in ('worker', '_prisma_migrations')`,
  );
  const counts = tables.map(
    ({ name }) => `select '${name}' as name, count(*)::int as rows from ${name}`,
  );
  const rows = await sql<{ name: string; rows: number }>(counts.join(' union all '));
  return Object.fromEntries(rows.map(({ name, rows: count }) => [name, count]));
}
