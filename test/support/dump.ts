import type { Tocsin } from './tocsin.ts';

/** The tables whose rows hold a text anywhere: in a column of any type, as it stands or in bytes. */
export async function tablesHolding({ sql }: Tocsin, text: string): Promise<string[]> {
  const tables = await sql<{ name: string }>(
    `select relname as name from pg_class
     where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') order by 1`,
  );
  const held: string[] = [];
  for (const { name } of tables) {
    const [row] = await sql<{ held: boolean }>(
      `select exists (select from "${name}" t
         where strpos(t::text, $1) > 0 or strpos(t::text, encode(convert_to($1, 'UTF8'), 'hex')) > 0
       ) as held`,
      [text],
    );
    if (row?.held === true) held.push(name);
  }
  return held;
}
