/** The audit whole, for whoever verifies it: only for the operator. */
import type { Database } from './database.ts';

/** A row as it is kept, exact to the byte. */
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

/** A leaf, with its row while that is kept. */
export interface AuditLeaf {
  readonly position: number;
  readonly auditId: string;
  /** YYYY-MM */
  readonly month: string;
  readonly hash: Uint8Array;
  readonly row: AuditRow | null;
}

/** The leaves from `position` on, in order, each with the row that it stands for. */
export async function listLeaves(
  db: Database,
  position: number,
  limit: number,
): Promise<AuditLeaf[]> {
  const leaves = await db.server.$queryRaw<(Omit<AuditLeaf, 'row'> & { row: string | null })[]>`
    with part as (
      select * from audit_leaf where position >= ${position}::bigint
      order by position limit ${limit}::integer
    )
    select l.position::float8 as position, l.audit_id::text as "auditId",
      to_char(l.month, 'YYYY-MM') as month, l.hash,
      case when a.id is not null then json_build_object('id', a.id::text,
        'at', to_char(a.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        'organisationId', a.organisation_id, 'realmId', a.realm_id, 'actor', a.actor,
        'action', a.action, 'requestId', a.request_id, 'address', host(a.address),
        'addressSalt', a.address_salt, 'detail', a.detail::text, 'nonce', a.nonce)::text end as row
    from part l left join audit a on a.id = l.audit_id
    order by l.position`;
  return leaves.map((leaf) => ({
    ...leaf,
    row: leaf.row === null ? null : (JSON.parse(leaf.row) as AuditRow),
  }));
}

export interface KeptNode {
  readonly level: number;
  readonly place: number;
  readonly hash: Uint8Array;
}

/** The nodes that became whole between the tree of `from` leaves and that of `to`. */
export async function listNodes(db: Database, from: number, to: number): Promise<KeptNode[]> {
  return db.server.$queryRaw<KeptNode[]>`
    select n.level::integer as level, n.place::float8 as place, n.hash
    from generate_series(1, 52) as above join audit_node n on n.level = above
      and n.place >= ${from}::bigint >> above and n.place < ${to}::bigint >> above`;
}

export interface AuditRemains {
  /** Rows that are to become leaves with the next steps. */
  readonly pending: number;
  /** The first row that never will, or null: it was put there past the trigger. */
  readonly stray: string | null;
  /** Rows waiting to become leaves that are gone. */
  readonly lost: string | null;
  /** Whether there are nodes beyond the leaves. */
  readonly overhang: boolean;
}

/** What there is besides the leaves, as one moment shows it. */
export async function findRemains(db: Database): Promise<AuditRemains> {
  const [row] = await db.server.$queryRaw<AuditRemains[]>`
    select (select count(*) from audit_pending)::float8 as pending,
      (select min(a.id)::text from audit a
       where not exists (select from audit_leaf l where l.audit_id = a.id)
         and not exists (select from audit_pending p where p.audit_id = a.id)) as stray,
      (select min(p.audit_id)::text from audit_pending p
       where not exists (select from audit a where a.id = p.audit_id)) as lost,
      exists (
        select from (select coalesce(max(position) + 1, 0) as size from audit_leaf) as tree,
          generate_series(1, 52) as above
          join audit_node n on n.level = above where n.place >= tree.size >> above) as overhang`;
  return row ?? { pending: 0, stray: null, lost: null, overhang: false };
}

/** A month whose rows retention dropped. */
export interface PrunedMonth {
  /** YYYY-MM */
  readonly month: string;
  readonly rows: number;
  /** SHA-256 of the leaf hashes in order, in hexadecimal. */
  readonly digest: string;
}

/** The months that the newest prune entry names: every one that was ever dropped. */
export async function listPruned(db: Database): Promise<PrunedMonth[]> {
  const [row] = await db.server.$queryRaw<{ pruned: PrunedMonth[] }[]>`
    select detail -> 'pruned' as pruned from audit
    where action = 'audit.prune' order by id desc limit 1`;
  return row?.pruned ?? [];
}
