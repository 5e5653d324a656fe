import type { ServerTx } from '../postgres/transaction.ts';

// SQL, not the typed client: recursion over what users and keys made.

/** The ids of the keys in force that a user made, and of all that descend from them. */
export async function findKeysMadeBy(tx: ServerTx, userId: string, now: Date): Promise<string[]> {
  const rows = await tx.$queryRaw<{ id: string }[]>`
    with recursive made as (
      select id from api_key where made_by_user = ${userId}::uuid
      union
      select k.id from made join api_key k on made.id in (k.parent_id, k.made_by)
    )
    select id from api_key
    where id in (select id from made) and revoked_at is null
      and (expires_at is null or expires_at > ${now}::timestamptz)
    order by id`;
  return rows.map(({ id }) => id);
}

/**
 * Deletes the invitations that a user gave, by themselves or by a key that they made or that descends
 * from one, also where that key has ended; returns how many there were.
 */
export async function deleteInvitationsBy(tx: ServerTx, userId: string): Promise<number> {
  return tx.$executeRaw`
    with recursive made as (
      select id from api_key where made_by_user = ${userId}::uuid
      union
      select k.id from made join api_key k on made.id in (k.parent_id, k.made_by)
    )
    delete from invitation
    where made_by = ${`user ${userId}`} or key_id in (select id from made)
      or made_by in (select 'key ' || id from made)`;
}
