/**
 * Who is in what. Every change is followed, in its own transaction, by noting what each
 * organisation gained and lost by it, which then travels through the log.
 */
import type { Database } from './database.ts';
import { asServer, type ServerTx } from './transaction.ts';

/**
 * Changes memberships and notes what follows from that. Row security applies with the commit.
 */
export async function changeMembership<T>(
  db: Database,
  change: (tx: ServerTx) => Promise<T>,
): Promise<T> {
  return asServer(db, async (tx) => {
    const result = await change(tx);
    await tx.$queryRaw`select note_standing()`;
    return result;
  });
}

/** Notes what time has changed: agreements that began or ended. Returns how many notes it made. */
export async function noteStanding(db: Database): Promise<number> {
  const [row] = await db.server.$queryRaw<{ noted: number }[]>`select note_standing() as noted`;
  return row?.noted ?? 0;
}

export async function setStatus(tx: ServerTx, slug: string, status: string): Promise<boolean> {
  const changed = await tx.$executeRaw`
    update organisation set status = ${status} where slug = ${slug}`;
  return changed === 1;
}

export interface NewGroup {
  readonly realmId: number;
  readonly slug: string;
  readonly name: string;
}

/** Returns the group's id, or undefined when the slug is taken. */
export async function insertGroup(tx: ServerTx, group: NewGroup): Promise<number | undefined> {
  const [row] = await tx.$queryRaw<{ id: number }[]>`
    insert into audience (realm_id, kind, slug, name)
    select ${group.realmId}::smallint, 'group', ${group.slug}, ${group.name}
    where not exists (select from organisation where slug = ${group.slug})
    on conflict do nothing returning id`;
  return row?.id;
}

export async function addMember(
  tx: ServerTx,
  audienceId: number,
  organisationId: number,
): Promise<void> {
  await tx.$executeRaw`
    insert into audience_member (audience_id, organisation_id)
    values (${audienceId}, ${organisationId}) on conflict do nothing`;
}

export async function removeMember(
  tx: ServerTx,
  audienceId: number,
  organisationId: number,
): Promise<boolean> {
  const gone = await tx.$executeRaw`
    delete from audience_member
    where audience_id = ${audienceId} and organisation_id = ${organisationId}`;
  return gone === 1;
}
