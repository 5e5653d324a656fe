import type { ServerTx } from '../postgres/transaction.ts';

// SQL, not the typed client: functions of the database.

/** What a purge deleted. */
export interface Purge {
  readonly versions: number;
  /** Organisations that get a withdrawal. */
  readonly told: number;
  /** Ids of the organisations that shared it. */
  readonly sharers: readonly number[];
}

/**
 * Purges an object: see purge_object in prisma/definitions. Waits for writers of
 * versions, and for the sequencer.
 */
export async function purgeObject(
  tx: ServerTx,
  stixId: string,
  { actor, reasonHash }: { readonly actor: string; readonly reasonHash: Buffer },
): Promise<Purge> {
  const [row] = await tx.$queryRaw<Purge[]>`
    select versions, told, sharers from purge_object(${stixId}, ${actor}, ${reasonHash})`;
  return row ?? { versions: 0, told: 0, sharers: [] };
}

/** When an object was purged last, in any realm. */
export async function findPurge(tx: ServerTx, stixId: string): Promise<Date | undefined> {
  const [row] = await tx.$queryRaw<{ at: Date | null }[]>`
    select max(purged_at) as at from purged_object where stix_id = ${stixId}`;
  return row?.at ?? undefined;
}

/** Whether an object is shared, and by nobody and to nobody below TLP:RED. */
export async function isOnlyRed(tx: ServerTx, stixId: string): Promise<boolean> {
  const [row] = await tx.$queryRaw<{ is: boolean }[]>`select is_only_red(${stixId}) as is`;
  return row?.is === true;
}
