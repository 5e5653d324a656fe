import { readPage, type LogPage, type PageRequest } from '../log/reader.ts';
import type { Viewer } from '../sharing/viewer.ts';
import { meteredPages } from './metered.ts';

/**
 * A page of the log as a viewer sees it, for the streams that see the same and stand at the same seq.
 * Throws Problem cursor_expired.
 */
export const readStreamPage = meteredPages<Viewer, PageRequest, LogPage>(
  'stream',
  async (db, viewer, request, make) => {
    const rows = await readPage(db, viewer, request);
    const page = await make(rows);
    return { page, objects: rows.rows.length, next: rows.next, more: rows.more };
  },
);
