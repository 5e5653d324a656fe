import type { Viewer } from '../sharing/viewer.ts';
import type { Database } from '../store/postgres/database.ts';
import { readPage } from './reader.ts';

/** Whether there is something for a viewer after a seq; where there is not, up to which seq that is known. */
export interface News {
  readonly any: boolean;
  readonly seen: number;
}

/** Tells whether a page after `after` would have rows, and nothing of what they are. Throws Problem cursor_expired. */
export async function findNews(db: Database, viewer: Viewer, after: number): Promise<News> {
  const { rows, next, more } = await readPage(db, viewer, { after, limit: 1, bytesMax: 1 });
  return { any: rows.length > 0 || more, seen: next };
}
