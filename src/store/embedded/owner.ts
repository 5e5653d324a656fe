import { Client } from 'pg';

/** Who connects where: the cluster's administrator, or the owner of Tocsin's database. */
export function serverUrl(
  role: 'postgres' | 'tocsin',
  password: string,
  port: number,
  database: string = role,
): string {
  return `postgres://${role}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;
}

/**
 * Makes the role `tocsin` and its database where they are absent. It may create roles and
 * databases, and is not a superuser: row security holds for it, and what works here works on a managed
 * PostgreSQL too.
 */
export async function ensureOwner(adminUrl: string, ownerPassword: string): Promise<void> {
  const client = new Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ role: boolean; database: boolean }>(
      `select exists (select from pg_roles where rolname = 'tocsin') as role,
              exists (select from pg_database where datname = 'tocsin') as database`,
    );
    if (rows[0]?.role !== true) {
      const password = client.escapeLiteral(ownerPassword);
      await client.query(`create role tocsin login createrole createdb password ${password}`);
    }
    if (rows[0]?.database !== true) await client.query('create database tocsin owner tocsin');
  } finally {
    await client.end();
  }
}
