/** The database as its owner, for floors, for filling and for looking at what was written. */
import { Client } from 'pg';
import { atEnd } from './endings.ts';
import { growth } from './growth.ts';

export async function asOwner<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  // A connection that breaks fails the query that waits on it.
  client.on('error', () => undefined);
  await client.connect();
  const end = atEnd(() => client.end());
  try {
    return await work(client);
  } finally {
    await end();
  }
}

/** Resolves when the log reaches as far as versions were kept: everything posted is in order. */
export async function waitForLog(client: Client, rows: number): Promise<void> {
  await client.query('listen tocsin_log');
  const grown = new EventTarget();
  let notified = 0;
  client.on('notification', () => {
    notified += 1;
    grown.dispatchEvent(new Event('grown'));
  });
  for (;;) {
    const before = notified;
    const { rows: found } = await client.query<{ head: string }>(
      'select coalesce(max(seq), 0) as head from log',
    );
    const head = Number(found[0]?.head);
    if (head >= rows) return;
    // What came during the query may not be in its answer.
    if (notified === before) {
      await growth(grown, () => `The log ends at ${head} instead of ${rows}`);
    }
  }
}
