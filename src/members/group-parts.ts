/** Bringing organisations into groups, within their quotas: directly, or by inviting them. */
import { Problem } from '../errors.ts';
import type { GroupQuotas } from '../sharing/quotas.ts';
import { listOrganisations } from '../store/members/directory.ts';
import {
  countGroups,
  deleteGroupInvitations,
  insertGroupInvitations,
  type GroupCounts,
} from '../store/members/group-invitations.ts';
import { addToGroup, type Part } from '../store/members/groups.ts';
import { findEntered } from '../store/members/realms.ts';
import type { ServerTx } from '../store/postgres/transaction.ts';
import type { Administrator } from '../access/administer.ts';

/** Puts organisations into a group, or among its owners. Throws Problem group_limit. */
export async function enter(
  tx: ServerTx,
  quotas: GroupQuotas,
  { part, groupId }: { readonly part: Part; readonly groupId: number },
  organisationIds: readonly number[],
): Promise<void> {
  const [count, max] =
    part === 'member' ? (['joined', quotas.joined] as const) : (['owned', quotas.owned] as const);
  await refuseBeyond(tx, { count, max, inviterId: null }, organisationIds);
  await deleteGroupInvitations(tx, part, groupId, organisationIds);
  await addToGroup(tx, part, groupId, organisationIds);
}

/** Invites organisations into a group, or to be its owners. Throws Problem group_limit. */
export async function invite(
  tx: ServerTx,
  by: Administrator,
  quotas: GroupQuotas,
  { part, groupId }: { readonly part: Part; readonly groupId: number },
  organisationIds: readonly number[],
): Promise<void> {
  const inviterId = by.organisation?.id ?? null;
  // Of each inviter: one that fills it keeps nobody else from inviting, and learns of nobody else's.
  const { invitationsReceived: max, invitationsSent: limit } = quotas;
  await refuseBeyond(tx, { count: 'received', max, inviterId }, organisationIds);
  if (inviterId !== null) {
    const room = limit - organisationIds.length + 1;
    await refuseBeyond(tx, { count: 'sent', max: room, limit, inviterId }, [inviterId]);
  }
  await insertGroupInvitations(tx, { part, groupId, inviterId }, organisationIds);
}

type Counted = Exclude<keyof GroupCounts, 'slug'>;

/** What an organisation has too many of, and the setting that limits it. */
const COUNTED: Readonly<Record<Counted, readonly [string, string]>> = {
  owned: ['owns as many groups', 'TOCSIN_QUOTA_GROUPS_OWNED'],
  joined: ['is in as many groups', 'TOCSIN_QUOTA_GROUPS_JOINED'],
  received: ['has as many invitations of yours to answer', 'TOCSIN_QUOTA_INVITATIONS'],
  sent: ['has as many invitations without an answer', 'TOCSIN_QUOTA_INVITATIONS_SENT'],
};

interface Quota {
  readonly count: Counted;
  readonly max: number;
  /** What the error names; `max` unless given. */
  readonly limit?: number;
  readonly inviterId: number | null;
}

/**
 * Throws Problem group_limit where one of these organisations has `max` already. Changes of groups are
 * made one at a time, under the lock `members`, so the count holds until the transaction ends.
 */
async function refuseBeyond(
  tx: ServerTx,
  { count, max, limit = max, inviterId }: Quota,
  organisationIds: readonly number[],
): Promise<void> {
  if (organisationIds.length === 0) return;
  const counts = await countGroups(tx, organisationIds, inviterId);
  const full = counts.find((one) => one[count] >= max);
  if (full === undefined) return;
  const [what, setting] = COUNTED[count];
  throw new Problem(
    'group_limit',
    `${full.slug} ${what} as allowed (${limit}). The operator can raise ${setting}.`,
    { extra: { limit } },
  );
}

/** Throws Problem group_limit where a group would have more members than allowed, invited ones included. */
export function refuseLargeGroup(quotas: GroupQuotas, members: number): void {
  if (members <= quotas.members) return;
  throw new Problem(
    'group_limit',
    `A group has at most ${quotas.members} members. The operator can raise TOCSIN_QUOTA_GROUP_MEMBERS.`,
    {
      extra: { limit: quotas.members },
    },
  );
}

/**
 * The ids of organisations that the caller can see, in its realm. Throws Problem organisation_unknown,
 * for groups and communities, too.
 */
export async function idsOf(
  tx: ServerTx,
  by: Administrator,
  slugs: readonly string[],
): Promise<number[]> {
  if (slugs.length === 0) return [];
  const all = new Map((await listOrganisations(tx)).map((one) => [one.slug, one]));
  const entered = await findEntered(tx, by.realmId);
  return slugs.map((slug) => {
    const found = all.get(slug);
    if (found === undefined || !entered.has(found.id)) throw unknownOrganisation(slug);
    if (by.role !== 'admin' && found.status !== 'active') throw unknownOrganisation(slug);
    return found.id;
  });
}

/** Throws it where the caller may not know whether there is such an organisation. */
export function unknownOrganisation(slug: string): Problem {
  return new Problem('organisation_unknown', `There is no organisation ${slug}`);
}
