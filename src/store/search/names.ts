import type { Database } from '../postgres/database.ts';

// SQL, not the typed client: two tables are joined.

/** The STIX identities of the organisations that go by these slugs. */
export async function findIdentities(
  { server }: Database,
  slugs: readonly string[],
): Promise<string[]> {
  const rows = await server.$queryRaw<{ id: string }[]>`
    select i.stix_id as id from organisation o join identity i on i.organisation_id = o.id
    where o.slug = any(${[...slugs]})`;
  return rows.map(({ id }) => id);
}
