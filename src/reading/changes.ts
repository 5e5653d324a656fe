import { readPage, type LogPage, type PageRequest } from '../log/reader.ts';
import { metered } from './metered.ts';

export { PAGE_BYTES } from '../log/reader.ts';
export type { LogPage } from '../log/reader.ts';

/** A page of the log as a member sees it. Throws Problem cursor_expired. */
export const readChanges = metered<PageRequest, LogPage>(
  'changes',
  (db, { viewer }, request) => readPage(db, viewer, request),
  ({ rows, next }) => ({ objects: rows.length, place: next }),
);
