import { Problem } from '../errors.ts';
import type { Clock } from '../clock.ts';
import { ROLES, type Role } from '../sharing/member.ts';
import type { Standing } from '../sharing/standing.ts';
import { appendServerAudit } from '../store/audit/record.ts';
import { PRODUCTION } from '../sharing/realm.ts';
import type { Database } from '../store/postgres/database.ts';
import { countAdminKeys } from '../store/access/keys.ts';
import { findOrganisationId } from '../store/members/organisations.ts';
import { changeMembership } from '../store/members/membership.ts';
import { requireStanding } from '../store/access/standing.ts';
import type { ServerTx } from '../store/postgres/transaction.ts';
import { countAdminUsers } from '../store/access/users.ts';
import { inTurn } from './change-queue.ts';

/** Who changes what members are and may: an administrator, by key or in person, or the operator. */
export interface Administrator {
  /** For the audit. */
  readonly actor: string;
  readonly role: Role;
  /** Undefined for the operator, who is of no organisation. */
  readonly organisation: { readonly id: number; readonly slug: string } | undefined;
  readonly keyId?: string | undefined;
  readonly userId?: string | undefined;
  /** As what it was let in, and by which clock that ends; undefined for the operator. */
  readonly caller?: Caller | undefined;
  /** In production one administrates every realm, in an exercise that one alone. */
  readonly realmId: number;
  /** Whether the administrator may see TLP:RED, and so give others clearance for it. */
  readonly redClearance: boolean;
  readonly requestId?: string | undefined;
  /** The network address of the client; undefined for the operator's commands. */
  readonly address?: string | undefined;
}

export interface Caller {
  readonly standing: Standing;
  readonly clock: Clock;
}

/** Who runs commands on the server: `actor` says how. */
export function operator(actor: string): Administrator {
  const redClearance = true;
  return { actor, role: 'admin', organisation: undefined, redClearance, realmId: PRODUCTION };
}

/** The roles that are not stronger than this one. */
export function rolesUpTo(role: Role): readonly Role[] {
  return ROLES.slice(ROLES.indexOf(role));
}

/**
 * Makes one change of membership with its audit entry and all that follows from it, in one
 * transaction; one at a time, so that what `work` finds stays so until it is committed.
 * `describe` gives the detail of the entry. Throws StandingChanged where the administrator may do
 * other things by now; what another administrator changes waits for this to end. Throws Problem
 * not_ready where too many are waiting.
 */
export async function administer<T>(
  db: Database,
  by: Administrator,
  act: AdministrativeAct<T>,
  work: (tx: ServerTx) => Promise<T>,
): Promise<T> {
  const { caller } = by;
  const change = async (tx: ServerTx): Promise<T> => {
    if (caller !== undefined) await requireStanding(tx, caller.standing, caller.clock.now());
    const result = await work(tx);
    await record(tx, by, act, result);
    return result;
  };
  return inTurn(db, by.organisation?.id ?? 0, () => changeMembership(db, change));
}

/** How the audit names an act, and its detail. */
export interface AdministrativeAct<T> {
  readonly action: string | ((result: T) => string);
  readonly describe: (result: T) => AuditDetail;
  /** The members that the act is about: each has an entry of its own in its part, as the caller's organisation has. */
  readonly about: (result: T) => readonly Concerned[];
}

/** A member that an act is about. */
export interface Concerned {
  /** A slug. */
  readonly organisation: string;
  /** What it may know of the act, where that is less than all. */
  readonly detail?: AuditDetail;
}

/** An act of the administrators that is about no member. */
export const aboutNobody = (): readonly Concerned[] => [];

/**
 * One entry for the organisation of the administrator, and one for each other that the act is about. What
 * the operator does has no organisation of its own.
 */
async function record<T>(
  tx: ServerTx,
  by: Administrator,
  { action, describe, about }: AdministrativeAct<T>,
  result: T,
): Promise<void> {
  const detail = describe(result);
  const entries = new Map<number | null, AuditDetail>();
  if (by.organisation !== undefined) entries.set(by.organisation.id, detail);
  for (const { organisation, detail: known = detail } of about(result)) {
    const id = await findOrganisationId(tx, organisation);
    if (id !== undefined && !entries.has(id)) entries.set(id, known);
  }
  if (entries.size === 0) entries.set(null, detail);
  const { actor, requestId, address } = by;
  const name = typeof action === 'string' ? action : action(result);
  for (const [organisationId, told] of entries) {
    const entry = { organisationId, actor, action: name, requestId, address, detail: told };
    await appendServerAudit(tx, entry);
  }
}

/** What an entry of the audit tells beside who did what. */
type AuditDetail = Parameters<typeof appendServerAudit>[1]['detail'];

async function countAdmins(tx: ServerTx, now: Date): Promise<number> {
  return (await countAdminKeys(tx, now)) + (await countAdminUsers(tx));
}

/**
 * Runs what may take a key, a user, or its organisation's standing, away.
 * Throws Problem last_admin when it would leave nobody who can administrate the server.
 */
export async function keepingAnAdmin<T>(
  tx: ServerTx,
  now: Date,
  change: () => Promise<T>,
): Promise<T> {
  const before = await countAdmins(tx, now);
  const result = await change();
  if (before > 0 && (await countAdmins(tx, now)) === 0) {
    throw new Problem('last_admin', 'After this, nobody could administer the server');
  }
  return result;
}
