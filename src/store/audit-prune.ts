import { withClient } from './connect.ts';
import { retried } from './transient.ts';

/**
 * Drops the rows of the months that ended before `before`, as the owner of the database: see
 * prune_audit in the migrations. Returns the months, YYYY-MM. Rejects while rows of such a month
 * are under no checkpoint yet.
 */
export async function pruneAudit(url: string, before: Date, actor: string): Promise<string[]> {
  return withClient(url, async (client) => {
    const { rows } = await retried(() =>
      client.query<{ month: string }>(
        `select to_char(month, 'YYYY-MM') as month from prune_audit($1, $2) as month`,
        [before, actor],
      ),
    );
    return rows.map(({ month }) => month);
  });
}
