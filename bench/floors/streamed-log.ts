/** The floor of `changes`: the same contents, page after page out of PostgreSQL, and nothing else. */
import type { Client } from 'pg';
import { timed } from '../measurement.ts';
import type { Part } from '../pairs.ts';

const page = `
  select l.seq, v.content from log l join version v on v.id = l.version_id
  where l.seq > $1 order by l.seq limit $2`;

/** Reads `objects` of the log after `seq`, as the owner, without row security. */
export async function streamLog(
  client: Client,
  {
    after,
    objects,
    limit,
  }: { readonly after: number; readonly objects: number; readonly limit: number },
): Promise<Part> {
  let read = 0;
  let last = String(after);
  const { seconds } = await timed(async () => {
    while (read < objects) {
      const { rows } = await client.query<{ seq: string; content: string }>({
        name: 'page',
        text: page,
        values: [last, Math.min(limit, objects - read)],
      });
      if (rows.length === 0) throw new Error(`The log ends after ${read} objects`);
      read += rows.length;
      last = rows.at(-1)?.seq ?? last;
    }
  });
  return { objects: read, seconds };
}
