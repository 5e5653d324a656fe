import { withClient } from '../postgres/connect.ts';
import { retried } from '../postgres/transient.ts';

/**
 * Appends the entry that names the months that ended before `before`, whose rows are to be dropped,
 * as the owner of the database: see announce_prune in prisma/definitions. Rejects while rows of such a
 * month are under no checkpoint yet.
 */
export async function announcePrune(url: string, before: Date, actor: string): Promise<void> {
  await withClient(url, (client) =>
    retried(() => client.query('select announce_prune($1, $2)', [before, actor])),
  );
}

/** Drops the rows of the months that a signed entry names; returns them, YYYY-MM. */
export async function dropPruned(url: string): Promise<string[]> {
  return withClient(url, async (client) => {
    const { rows } = await retried(() =>
      client.query<{ month: string }>(
        `select to_char(month, 'YYYY-MM') as month from drop_pruned() as month order by 1`,
      ),
    );
    return rows.map(({ month }) => month);
  });
}
