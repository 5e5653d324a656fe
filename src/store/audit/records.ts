/**
 * The whole audit as a sequence of records, one JSON text each, in one snapshot of the database:
 * what `tocsin audit verify` reads and `tocsin audit export` writes. Only for the operator.
 */
import type { Database } from '../postgres/database.ts';
import { Prisma } from '../generated/client.ts';

// SQL, not the typed client: bytes exactly as they are stored, in the order of the tree.

/** A row as it is stored, exact to the byte. */
export interface AuditRow {
  readonly id: string;
  /** UTC, to the microsecond. */
  readonly at: string;
  readonly organisationId: number | null;
  readonly realmId: number | null;
  readonly actor: string;
  readonly action: string;
  readonly requestId: string | null;
  readonly address: string | null;
  readonly addressSalt: string;
  /** JSON as PostgreSQL writes it. */
  readonly detail: string;
  readonly nonce: string;
}

/** A leaf, with its row while that is stored. Hashes are in hexadecimal. */
export interface LeafRecord {
  readonly type: 'leaf';
  readonly position: number;
  readonly auditId: string;
  readonly organisationId: number;
  /** YYYY-MM-DD */
  readonly month: string;
  readonly entryHash: string;
  readonly hash: string;
  readonly partCount: number;
  readonly partHead: string;
  readonly row: AuditRow | null;
}

export interface CheckpointRecord {
  readonly type: 'checkpoint';
  readonly size: number;
  readonly previous: number;
  readonly note: string;
  readonly signedAt: string;
  readonly salt: string;
}

export interface NodeRecord {
  readonly type: 'node';
  readonly level: number;
  readonly place: number;
  readonly hash: string;
}

/** A row that is to become a leaf with the next step. */
export interface PendingRecord {
  readonly type: 'pending';
  readonly auditId: string;
  readonly at: string;
  readonly isLeaf: boolean;
  readonly row: AuditRow | null;
}

export interface DisclosureRecord {
  readonly type: 'disclosure';
  readonly reader: string;
  readonly door: string;
  readonly realmId: number;
  readonly organisationId: number;
  readonly place: number;
  readonly objects: number;
  readonly notedPlace: number;
  readonly notedObjects: number;
  /** `-infinity` before the first entry. */
  readonly notedAt: string;
  readonly salt: string;
}

export type AuditRecord =
  | { readonly type: 'origin'; readonly origin: string }
  | { readonly type: 'turn'; readonly turn: number }
  | { readonly type: 'number'; readonly next: number }
  | { readonly type: 'stray'; readonly auditId: string }
  | CheckpointRecord
  | LeafRecord
  | NodeRecord
  | PendingRecord
  | DisclosureRecord;

/** Takes one record; false where it has seen enough. */
type Visit = (line: string) => boolean | Promise<boolean>;

const CHUNK = 5000;
const HOURS_6 = 6 * 3600 * 1000;
const FIRST = '-9223372036854775808';

/**
 * Passes every record to `visit`, in order: the facts, the checkpoints by size, the leaves by
 * position with the nodes that each chunk of them completes, and what is not in the tree. Ends
 * early where `visit` resolves to false.
 */
export async function readAuditRecords(db: Database, visit: Visit): Promise<void> {
  try {
    await db.server.$transaction(
      async (tx) => {
        await pass(tx, visit, FACTS);
        await pass(tx, visit, CHECKPOINTS);
        const size = await passTree(tx, visit);
        await pass(tx, visit, outsideNodes(size));
        await pass(tx, visit, PENDING);
        await pass(tx, visit, STRAY);
        await pass(tx, visit, DISCLOSURES);
      },
      { isolationLevel: 'RepeatableRead', timeout: HOURS_6 },
    );
  } catch (error) {
    if (!(error instanceof Ended)) throw error;
  }
}

/** The visitor has seen enough. */
class Ended extends Error {}

/** Passes what `query` finds. */
async function pass(tx: Prisma.TransactionClient, visit: Visit, query: Prisma.Sql): Promise<void> {
  const rows = await tx.$queryRaw<{ line: string }[]>(query);
  for (const { line } of rows) if (!(await visit(line))) throw new Ended();
}

/** Passes the leaves and their nodes; returns how many leaves there are. */
async function passTree(tx: Prisma.TransactionClient, visit: Visit): Promise<number> {
  let size = 0;
  for (let after = FIRST; ;) {
    const [chunk] = await tx.$queryRaw<{ last: string | null; leaves: number }[]>`
      select max(position)::text as last, count(*)::integer as leaves from (
        select position from audit_leaf where position > ${after}::text::bigint
        order by position limit ${CHUNK}::integer) as chunk`;
    if (chunk?.last === null || chunk === undefined) return size;
    await pass(tx, visit, leaves(after, chunk.last));
    await pass(tx, visit, nodes(size, size + chunk.leaves));
    size += chunk.leaves;
    after = chunk.last;
  }
}

const utc = (column: Prisma.Sql): Prisma.Sql => Prisma.sql`case when isfinite(${column})
  then to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
  else ${column}::text end`;

const ROW = Prisma.sql`case when a.id is not null then json_build_object('id', a.id::text,
  'at', ${utc(Prisma.sql`a.at`)}, 'organisationId', a.organisation_id, 'realmId', a.realm_id,
  'actor', a.actor, 'action', a.action, 'requestId', a.request_id, 'address', host(a.address),
  'addressSalt', a.address_salt, 'detail', a.detail::text, 'nonce', a.nonce) end`;

const FACTS = Prisma.sql`
  select json_build_object('type', 'origin', 'origin', origin)::text as line from audit_origin
  union all
  select json_build_object('type', 'turn', 'turn', turn)::text from audit_turn
  union all
  select json_build_object('type', 'number',
    'next', case when is_called then last_value + 1 else last_value end)::text from audit_number`;

const CHECKPOINTS = Prisma.sql`
  select json_build_object('type', 'checkpoint', 'size', size, 'previous', previous, 'note', note,
    'signedAt', ${utc(Prisma.sql`signed_at`)}, 'salt', encode(salt, 'hex'))::text as line
  from audit_checkpoint order by size`;

const leaves = (after: string, last: string): Prisma.Sql => Prisma.sql`
  select json_build_object('type', 'leaf', 'position', l.position, 'auditId', l.audit_id::text,
    'organisationId', l.organisation_id, 'month', to_char(l.month, 'YYYY-MM-DD'),
    'entryHash', encode(l.entry_hash, 'hex'), 'hash', encode(l.hash, 'hex'),
    'partCount', l.part_count, 'partHead', encode(l.part_head, 'hex'), 'row', ${ROW})::text as line
  from audit_leaf l left join audit a on a.id = l.audit_id
  where l.position > ${after}::text::bigint and l.position <= ${last}::text::bigint
  order by l.position`;

const NODE = Prisma.sql`
  json_build_object('type', 'node', 'level', n.level, 'place', n.place,
    'hash', encode(n.hash, 'hex'))::text`;

/** The nodes that become whole between the tree of `from` leaves and that of `to`. */
const nodes = (from: number, to: number): Prisma.Sql => Prisma.sql`
  select ${NODE} as line from generate_series(1, 52) as above join audit_node n on n.level = above
    and n.place >= ${from}::bigint >> above and n.place < ${to}::bigint >> above`;

/** Nodes that no tree of `size` leaves has. */
const outsideNodes = (size: number): Prisma.Sql => Prisma.sql`
  select ${NODE} as line from audit_node n
  where case when n.level > 52 or n.place < 0 then true
    else n.place >= ${size}::bigint >> n.level::integer end limit 1`;

const PENDING = Prisma.sql`
  select json_build_object('type', 'pending', 'auditId', p.audit_id::text, 'at', ${utc(Prisma.sql`p.at`)},
    'isLeaf', exists (select from audit_leaf l where l.audit_id = p.audit_id),
    'row', ${ROW})::text as line
  from audit_pending p left join audit a on a.id = p.audit_id order by p.audit_id`;

/** A row that will never become a leaf: it was inserted past the trigger. */
const STRAY = Prisma.sql`
  select json_build_object('type', 'stray', 'auditId', min(a.id)::text)::text as line from audit a
  where not exists (select from audit_leaf l where l.audit_id = a.id)
    and not exists (select from audit_pending p where p.audit_id = a.id)
  having min(a.id) is not null`;

const DISCLOSURES = Prisma.sql`
  select json_build_object('type', 'disclosure', 'reader', reader, 'door', door,
    'realmId', realm_id, 'organisationId', organisation_id, 'place', place, 'objects', objects,
    'notedPlace', noted_place, 'notedObjects', noted_objects,
    'notedAt', ${utc(Prisma.sql`noted_at`)}, 'salt', salt)::text as line from disclosure`;
