/** How far each reader has read, by which door. */
import type { Database } from '../postgres/database.ts';
import type { Prisma } from '../generated/client.ts';
import type { ServerTx } from '../postgres/transaction.ts';

// SQL, not the typed client: set-based, at the rate of reads.

/** What a reader was given by a door since it was last told. */
export interface Disclosure {
  /** A key or a subscription, such as `key 0a1b2c3d4e5f`. */
  readonly reader: string;
  readonly door: string;
  readonly organisationId: number;
  readonly realmId: number;
  /** The place in the log up to which it has read; 0 where the door has no place. */
  readonly place: number;
  /** Objects and withdrawals, counted as often as they were given. */
  readonly objects: number;
}

export async function addDisclosures(
  db: Database,
  disclosures: readonly Disclosure[],
): Promise<void> {
  await db.server.$executeRaw`
    insert into disclosure (reader, door, realm_id, organisation_id, place, objects)
    select reader, door, "realmId", "organisationId", place, objects
    from json_to_recordset(${JSON.stringify(disclosures)}::json) as d(reader text, door text,
      "realmId" smallint, "organisationId" integer, place bigint, objects bigint)
    order by reader, door, "realmId"
    on conflict (reader, door, realm_id) do update
      set place = greatest(disclosure.place, excluded.place),
        objects = disclosure.objects + excluded.objects`;
}

export interface DueDisclosure extends Disclosure {
  /** The place that the previous entry named; `objects` are those since. */
  readonly from: number;
  /** The hash of what the row says now, by which the audit can be verified against it. */
  readonly state: string;
}

/**
 * Takes what the audit does not tell yet of readers of which it has told nothing for so long; the
 * caller tells it in the same transaction.
 */
export async function takeDueDisclosures(
  tx: ServerTx,
  seconds: number,
  limit: number,
): Promise<DueDisclosure[]> {
  return tx.$queryRaw<DueDisclosure[]>`
    with due as (
      select * from disclosure
      where objects > noted_objects
        and noted_at < now() - ${seconds}::float8 * interval '1 second'
      order by reader, door, realm_id limit ${limit}::integer
      for update skip locked
    ), noted as (
      update disclosure d
      set noted_place = due.place, noted_objects = due.objects, noted_at = now()
      from due where (d.reader, d.door, d.realm_id) = (due.reader, due.door, due.realm_id)
    )
    select reader, door, organisation_id as "organisationId", realm_id as "realmId",
      place::float8 as place, noted_place::float8 as from,
      (objects - noted_objects)::float8 as objects,
      encode(sha256(convert_to(concat_ws(e'\\n', salt, reader, door, realm_id, organisation_id,
        place, objects), 'UTF8')), 'hex') as state
    from due`;
}

/** An entry of the audit about one organisation that the server itself makes. */
export interface ServerEntry {
  readonly organisationId: number;
  readonly realmId: number;
  readonly actor: string;
  readonly action: string;
  readonly detail: Prisma.InputJsonObject;
}

export async function appendServerEntries(
  tx: ServerTx,
  entries: readonly ServerEntry[],
): Promise<void> {
  await tx.$executeRaw`
    insert into audit (organisation_id, realm_id, actor, action, detail)
    select "organisationId", "realmId", actor, action, detail
    from json_to_recordset(${JSON.stringify(entries)}::json) as e("organisationId" integer,
      "realmId" smallint, actor text, action text, detail jsonb)`;
}
