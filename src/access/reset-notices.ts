/** Notices that an administrator reset part of an account, for its user and the organisation. */
import { ROLES } from '../sharing/member.ts';
import { listResets, type AccountReset } from '../store/access/account-resets.ts';
import type { Database } from '../store/postgres/database.ts';
import type { Administrator } from './administer.ts';
import { managedBy } from './managed-users.ts';

/** Long enough to reach people who were away. */
const TOLD_MS = 30 * 24 * 3600 * 1000;
const RESETS_MAX = 500;

/** The resets of one's own account in the last month, the newest first. */
export async function readOwnResets(
  db: Database,
  userId: string,
  now: Date,
): Promise<AccountReset[]> {
  return listResets(db, { userId, roles: ROLES, since: before(now), limit: RESETS_MAX });
}

/** The resets of accounts that the administrator manages, the newest first. */
export async function readResets(
  db: Database,
  by: Administrator,
  now: Date,
): Promise<AccountReset[]> {
  return listResets(db, { ...managedBy(by), since: before(now), limit: RESETS_MAX });
}

function before(now: Date): Date {
  return new Date(now.getTime() - TOLD_MS);
}
