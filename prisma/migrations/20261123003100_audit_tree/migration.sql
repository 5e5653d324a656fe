-- Every committed row of the audit is a leaf of one Merkle tree (RFC 6962). docs/audit.md states the bytes
-- that are hashed. What proves the tree (leaf hashes, whole nodes, signed checkpoints) outlives the rows.

-- Rows that no step has made leaves yet: filled by a trigger, so that no writer waits for another
-- or for the chain. In two tables that take turns, as the inbox is.
create table audit_pending (
  turn smallint not null,
  audit_id bigint not null,
  at timestamptz(6) not null,
  primary key (audit_id, turn)
) partition by list (turn);
create table audit_pending_0 partition of audit_pending for values in (0);
create table audit_pending_1 partition of audit_pending for values in (1);
create table audit_turn (turn smallint primary key check (turn in (0, 1)));
insert into audit_turn values (0);
comment on column audit_pending.audit_id is
  'No foreign key: a row that is gone before it became a leaf must stop the chain, not vanish with it.';

-- A leaf commits to its own columns and, by entry_hash, to those of its row, so that it proves them
-- when the row is gone. part_count and part_head say the same of all leaves of one organisation up
-- to this one: how many there are, and a chain of hashes over them.
create table audit_leaf (
  position bigint primary key,
  audit_id bigint not null unique,
  -- 0: about no organisation.
  organisation_id integer not null,
  month date not null,
  entry_hash bytea not null check (length(entry_hash) = 32),
  hash bytea not null check (length(hash) = 32),
  part_count bigint not null,
  part_head bytea not null check (length(part_head) = 32)
);
create index on audit_leaf (organisation_id, position);
alter table audit_leaf enable row level security, force row level security;
comment on column audit_leaf.audit_id is 'No foreign key: a leaf outlives its row.';
comment on column audit_leaf.organisation_id is 'No foreign key: 0 for an entry about no organisation.';

create table audit_node (
  level smallint not null check (level > 0),
  place bigint not null,
  hash bytea not null check (length(hash) = 32),
  primary key (level, place)
);

create table audit_checkpoint (
  size bigint primary key,
  -- The size of the checkpoint before, -1 for the first: so none can be removed from between, and
  -- two processes cannot both sign the next one.
  previous bigint not null unique,
  note text not null,
  signed_at timestamptz(6) not null,
  -- Random: from the hashes that prove one organisation's part nobody can guess those of others.
  salt bytea not null check (length(salt) = 32)
);

create table audit_origin (origin text primary key);
insert into audit_origin values ('tocsin/' || gen_random_uuid());
