/** Deleting users, organisations and communities, by functions of the database: see prisma/definitions. */
import type { ServerTx } from '../postgres/transaction.ts';

// SQL, not the typed client: functions of the database.

/** Deletes a user with their sessions and links. What they did stays in the audit. */
export async function deleteUserRecord(tx: ServerTx, id: string): Promise<void> {
  await tx.$executeRaw`select delete_user(${id}::uuid)`;
}

/** What there is of an organisation or for it, in a few words each; nothing for an empty one. */
export async function findOrganisationHoldings(tx: ServerTx, id: number): Promise<string[]> {
  const rows = await tx.$queryRaw<{ held: string }[]>`
    select held from organisation_holdings(${id}::integer) as held`;
  return rows.map(({ held }) => held);
}

/** Deletes an organisation without holdings, with its agreements. */
export async function deleteOrganisationRecord(tx: ServerTx, id: number): Promise<void> {
  await tx.$executeRaw`select delete_organisation(${id}::integer)`;
}

/** What refers to a community, in a few words each. */
export async function findCommunityHoldings(tx: ServerTx, id: number): Promise<string[]> {
  const rows = await tx.$queryRaw<{ held: string }[]>`
    select held from community_holdings(${id}::integer) as held`;
  return rows.map(({ held }) => held);
}

/** Deletes a community without holdings. */
export async function deleteCommunityRecord(tx: ServerTx, id: number): Promise<void> {
  await tx.$executeRaw`select delete_community(${id}::integer)`;
}
