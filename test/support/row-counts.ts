import type { Tocsin } from './tocsin.ts';

const OF_ACTS = ` where action not in ('objects.disclose', 'request.refuse')`;

/**
 * How many rows every table holds, once all is sequenced; but those of workers, who come and go,
 * what is indexed for searches after the fact, and what the audit notes in its own time: who read and who was
 * refused, and its chain.
 */
export async function rowCounts({ sql, sequenced }: Tocsin): Promise<Record<string, number>> {
  await sequenced();
  const tables = await sql<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'public'::regnamespace
       and relkind in ('r', 'p') and not relispartition and relname !~ '^(_.*|worker|disclosure|search_(term|text)|audit_(pending|leaf|node|checkpoint))$'`,
  );
  const counts = tables.map(
    ({ name }) =>
      `select '${name}' as name, count(*)::int as rows from ${name}${name === 'audit' ? OF_ACTS : ''}`,
  );
  const rows = await sql<{ name: string; rows: number }>(counts.join(' union all '));
  return Object.fromEntries(rows.map(({ name, rows: count }) => [name, count]));
}
