import type { Database } from '../store/postgres/database.ts';
import { listEndings, noteEndings, type EndingView } from '../store/members/notices.ts';
import { rolesUpTo, type Administrator } from '../access/administer.ts';

/** How many days ahead the end of an agreement or key is announced. */
const THRESHOLDS = [30, 7, 1];

const NOTICES_MAX = 500;

/** Notes what ends soon by now; returns what nobody had noted before. */
export async function announceEndings(db: Database, now: Date): Promise<EndingView[]> {
  return noteEndings(db, now, THRESHOLDS);
}

/**
 * What ends within the furthest threshold: all of it for an admin, for others what is of their own
 * organisation, and of its keys those that are not stronger than they are.
 */
export async function readNotices(
  db: Database,
  { role, organisation }: Administrator,
  now: Date,
): Promise<{ notices: EndingView[]; more: boolean }> {
  const found = await listEndings(db, {
    organisationId: role === 'admin' ? undefined : (organisation?.id ?? 0),
    roles: rolesUpTo(role),
    now,
    thresholds: THRESHOLDS,
    limit: NOTICES_MAX + 1,
  });
  return { notices: found.slice(0, NOTICES_MAX), more: found.length > NOTICES_MAX };
}
