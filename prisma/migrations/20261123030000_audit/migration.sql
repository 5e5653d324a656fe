-- The audit: append-only, in monthly partitions, every committed row a leaf of one Merkle tree
-- (RFC 6962). docs/audit.md states the bytes that are hashed. What proves the tree (leaf hashes,
-- whole nodes, signed checkpoints) outlives the rows, which retention drops month by month.

-- The table, anew in partitions --------------------------------------------------------------------

alter table audit rename to audit_unparted;
create sequence audit_number as bigint;
create table audit (
  id bigint not null default nextval('audit_number'),
  at timestamptz(6) not null default now(),
  organisation_id integer references organisation,
  -- The realm of the viewer, or null for an act that belongs to no realm.
  realm_id smallint default nullif(current_setting('tocsin.realm', true), '')::smallint,
  actor text not null,
  action text not null,
  request_id text,
  -- The client's network address. An entry contains only a salted hash of it, because the
  -- organisation that an act is about may not see the address of another organisation's member.
  address inet,
  address_salt uuid not null default gen_random_uuid(),
  detail jsonb not null,
  -- Random, so that nobody can guess the contents of a row from its hash.
  nonce uuid not null default gen_random_uuid(),
  primary key (id, at)
) partition by range (at);
alter sequence audit_number owned by audit.id;

-- Rows that no step has made leaves yet: filled by a trigger, so that no writer waits for another
-- or for the chain. In two tables that take turns, as the inbox is: a held snapshot cannot make
-- them swell.
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

-- The tree -----------------------------------------------------------------------------------------

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

-- How far each reader has read, by which door, and how far of that the audit tells.
create table disclosure (
  reader text not null,
  door text not null,
  realm_id smallint not null,
  organisation_id integer not null references organisation,
  place bigint not null default 0,
  objects bigint not null default 0,
  noted_place bigint not null default 0,
  noted_objects bigint not null default 0,
  noted_at timestamptz(6) not null default '-infinity',
  -- The newest entry about a reader has the hash of this and of what the row said then.
  salt uuid not null default gen_random_uuid(),
  primary key (reader, door, realm_id)
) with (fillfactor = 50);

-- Append-only --------------------------------------------------------------------------------------

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end
$$;

-- The partition that holds a month, made when it is first needed.
create function ensure_audit_month(month date) returns void
language plpgsql set search_path from current as $$
declare
  name constant text := 'audit_' || to_char(month, 'YYYY_MM');
begin
  if to_regclass(name) is not null then
    return;
  end if;
  execute format('create table %I (like audit including defaults including constraints)', name);
  execute format('create trigger append_only_all before truncate on %I '
                 'execute function refuse_change()', name);
  execute format('alter table audit attach partition %I for values from (%L) to (%L)', name,
                 month::timestamp at time zone 'UTC',
                 (month + interval '1 month') at time zone 'UTC');
end
$$;

-- This month and the next two. Called at each start and by each step of the chain.
create function prepare_audit() returns void
language plpgsql security definer set search_path from current as $$
declare
  this_month constant date := date_trunc('month', now() at time zone 'UTC');
begin
  if to_regclass('audit_' || to_char(this_month + interval '2 months', 'YYYY_MM')) is null then
    perform take_lock('audit');
    for ahead in 0..2 loop
      perform ensure_audit_month((this_month + make_interval(months => ahead))::date);
    end loop;
  end if;
end
$$;

-- The partitions of the audit by month, the oldest first.
create view audit_month as
  select c.relname as name, to_date(c.relname, '"audit_"YYYY_MM') as month
  from pg_inherits i join pg_class c on c.oid = i.inhrelid
  where i.inhparent = 'audit'::regclass order by 2;

create function await_leaf() returns trigger
language plpgsql security definer set search_path from current as $$
begin
  insert into audit_pending (turn, audit_id, at) select turn, new.id, new.at from audit_turn;
  return null;
end
$$;
create trigger await_leaf after insert on audit for each row execute function await_leaf();

do $$
declare
  name text;
begin
  foreach name in array array['audit', 'audit_leaf', 'audit_node', 'audit_checkpoint',
                              'audit_origin'] loop
    execute format('create trigger append_only before update or delete on %I '
                   'for each row execute function refuse_change()', name);
    execute format('create trigger append_only_all before truncate on %I '
                   'execute function refuse_change()', name);
  end loop;
end
$$;

select prepare_audit();
select ensure_audit_month(month) from (
  select distinct date_trunc('month', at at time zone 'UTC')::date as month from audit_unparted
) as past;
insert into audit (id, at, organisation_id, actor, action, request_id, detail)
  select id, at, organisation_id, actor, action, request_id, detail from audit_unparted order by id;
select setval('audit_number', (select max(id) from audit)) where exists (select from audit);
drop table audit_unparted;

-- The chain ----------------------------------------------------------------------------------------

-- The bytes of a row whose hash is its leaf: see docs/audit.md.
create function audit_entry(entry audit) returns text
language sql stable set search_path from current as $$
  select concat_ws(e'\n',
    'tocsin audit 1',
    entry.id,
    to_char(entry.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    coalesce(entry.organisation_id::text, '-'),
    coalesce(entry.realm_id::text, '-'),
    to_json(entry.actor),
    to_json(entry.action),
    coalesce(to_json(entry.request_id)::text, '-'),
    encode(sha256(convert_to(
      entry.address_salt || e'\n' || coalesce(host(entry.address), '-'), 'UTF8')), 'hex'),
    entry.detail,
    entry.nonce) || e'\n'
$$;

-- The bytes of a leaf: see docs/audit.md.
create function audit_leaf_text(audit_id bigint, month date, organisation_id integer,
                                entry_hash bytea) returns text
language sql stable set search_path from current as $$
  select concat_ws(e'\n', 'tocsin audit leaf 1', audit_id, to_char(month, 'YYYY-MM'),
    organisation_id, encode(entry_hash, 'hex')) || e'\n'
$$;

-- The chain of hashes over the leaves of one organisation, from the head before them.
create function audit_join_head(head bytea, before bytea, leaf bytea) returns bytea
language sql immutable parallel safe as $$
  select sha256('\x02'::bytea || coalesce(head, before) || leaf)
$$;
create aggregate audit_head(bytea, bytea) (sfunc = audit_join_head, stype = bytea);

-- Turns writers to the other table of audit_pending when the busy one has grown, and truncates
-- the idle one when it is empty: see turn_inbox.
create function turn_audit() returns void
language plpgsql set search_path from current as $$
declare
  grown_bytes constant bigint := 1024 * 1024;
  busy constant smallint := (select turn from audit_turn);
  idle constant smallint := 1 - busy;
  idle_table constant text := 'audit_pending_' || idle;
  left_over boolean;
begin
  if pg_relation_size(idle_table::regclass) > 0 then
    execute format('lock table %I in access exclusive mode nowait', idle_table);
    execute format('select exists (select from %I)', idle_table) into left_over;
    if not left_over then
      execute format('truncate %I', idle_table);
    end if;
  elsif pg_relation_size(('audit_pending_' || busy)::regclass) > grown_bytes then
    update audit_turn set turn = idle;
  end if;
exception when lock_not_available then null;
end
$$;

-- Makes committed rows leaves, gaplessly, and whole nodes above them. One transaction at a time
-- does it, whichever process asked. A row that is gone before it became a leaf stops it, loudly.
create function chain_audit(batch_max integer, out chained integer, out size bigint)
language plpgsql security definer set search_path from current as $$
declare
  old_size bigint;
  above smallint := 1;
begin
  perform prepare_audit();
  perform take_lock('audit');
  select coalesce(max(position) + 1, 0) into old_size from audit_leaf;
  with taken as (
    delete from audit_pending where audit_id in (
      select audit_id from audit_pending order by audit_id limit batch_max)
    returning audit_id, at
  ), entered as (
    select old_size + row_number() over (order by taken.audit_id) - 1 as position, taken.audit_id,
      coalesce(entry.organisation_id, 0) as organisation_id,
      date_trunc('month', taken.at at time zone 'UTC')::date as month,
      case when entry.id is not null
        then sha256(convert_to(audit_entry(entry), 'UTF8')) end as entry_hash
    from taken left join audit entry on entry.id = taken.audit_id and entry.at = taken.at
  ), leaf as (
    select *, sha256('\x00'::bytea || convert_to(
      audit_leaf_text(audit_id, month, organisation_id, entry_hash), 'UTF8')) as hash
    from entered
  ), part as (
    select organisation_id, coalesce(last.part_count, 0) as part_count,
      coalesce(last.part_head, sha256('')) as part_head
    from (select distinct organisation_id from entered) as named left join lateral (
      select l.part_count, l.part_head from audit_leaf l
      where l.organisation_id = named.organisation_id order by l.position desc limit 1
    ) as last on true
  )
  insert into audit_leaf
    select position, audit_id, organisation_id, month, entry_hash, hash,
      part_count + row_number() over own, audit_head(part_head, hash) over own
    from leaf join part using (organisation_id)
    window own as (partition by organisation_id order by position);
  get diagnostics chained = row_count;
  size := old_size + chained;
  insert into audit_node
    select 1, l.position >> 1, sha256('\x01'::bytea || l.hash || r.hash)
    from audit_leaf l join audit_leaf r on r.position = l.position + 1
    where l.position >= (old_size >> 1) << 1 and l.position % 2 = 0;
  while size >> above > old_size >> above loop
    insert into audit_node
      select above + 1, l.place >> 1, sha256('\x01'::bytea || l.hash || r.hash)
      from audit_node l join audit_node r on r.level = above and r.place = l.place + 1
      where l.level = above and l.place % 2 = 0
        and l.place >= (old_size >> (above + 1)) << 1;
    above := above + 1;
  end loop;
  perform turn_audit();
end
$$;

-- Retention ----------------------------------------------------------------------------------------

-- Retention takes two steps, so that the entry is signed before anything is gone. The first appends
-- the entry audit.prune, which names every month that was ever pruned with the count of its leaves
-- and a digest (SHA-256 of their hashes in order). It takes months that ended at or before `before`
-- and an hour ago, since a transaction takes time to commit, all of whose rows are under a signed
-- checkpoint. For the owner alone.
create function announce_prune(before timestamptz, actor text) returns void
language plpgsql set search_path from current as $$
declare
  signed constant bigint := (select coalesce(max(c.size), 0) from audit_checkpoint c);
  named jsonb := coalesce((select a.detail -> 'pruned' from audit a
                           where a.action = 'audit.prune' order by a.id desc limit 1), '[]');
  part record;
  loose bigint;
  added jsonb;
begin
  perform take_lock('audit');
  for part in select * from audit_month loop
    continue when (part.month + interval '1 month') at time zone 'UTC' > least(before, now() - interval '1 hour');
    execute format('lock table %I in exclusive mode', part.name);
    execute format('select count(*) from %I a left join audit_leaf l on l.audit_id = a.id '
                   'where l.position is null or l.position >= $1', part.name)
      into loose using signed;
    if loose > 0 then
      raise exception '% rows of % are not under a checkpoint yet', loose, part.name
        using errcode = 'object_not_in_prerequisite_state';
    end if;
    select jsonb_build_array(jsonb_build_object('month', to_char(part.month, 'YYYY-MM'),
        'rows', count(*),
        'digest', encode(sha256(coalesce(string_agg(hash, ''::bytea order by position), '')), 'hex')))
      into added from audit_leaf where month = part.month;
    named := named || case when named @> added then '[]' else added end;
  end loop;
  if exists (select from audit_month m
             where (m.month + interval '1 month') at time zone 'UTC' <= least(before, now() - interval '1 hour')) then
    insert into audit (actor, action, detail)
      values (actor, 'audit.prune', jsonb_build_object('before', before, 'pruned', named));
  end if;
end
$$;

-- The second step drops the partitions of the months that the newest audit.prune names, once that
-- is under a signed checkpoint. Returns the months. The leaves stay.
create function drop_pruned() returns setof date
language plpgsql set search_path from current as $$
declare
  signed constant bigint := (select coalesce(max(c.size), 0) from audit_checkpoint c);
  named constant jsonb := (
    select a.detail -> 'pruned' from audit a join audit_leaf l on l.audit_id = a.id
    where a.action = 'audit.prune' and l.position < signed order by l.position desc limit 1);
  part record;
begin
  perform take_lock('audit');
  for part in
    select m.* from audit_month m, jsonb_array_elements(named) as pruned
    where to_char(m.month, 'YYYY-MM') = pruned ->> 'month'
  loop
    execute format('drop table %I', part.name);
    return next part.month;
  end loop;
end
$$;

-- Rights -------------------------------------------------------------------------------------------

grant select, insert on audit to tocsin_app, tocsin_server;
grant usage on sequence audit_number to tocsin_app, tocsin_server;
grant select on sequence audit_number to tocsin_server;
grant select on audit_leaf to tocsin_app, tocsin_server;
grant select on audit_node, audit_origin, audit_pending, audit_turn to tocsin_server;
grant select, insert on audit_checkpoint to tocsin_server;
grant select, insert, update on disclosure to tocsin_server;

do $$
declare
  own constant text := $policy$
    organisation_id = (select nullif(current_setting('tocsin.organisation', true), '')::integer)
  $policy$;
  name text;
begin
  foreach name in array array['audit', 'audit_leaf'] loop
    execute format('alter table %I enable row level security, force row level security', name);
    execute format('create policy owner_all on %I to current_user using (true) with check (true)', name);
    execute format('create policy own on %I for select to tocsin_app using (%s)', name, own);
    -- The server's own look: an administrator's, and what the proofs are made of.
    execute format('create policy every on %I for select to tocsin_server using (true)', name);
  end loop;
  execute format('create policy append on audit for insert to tocsin_app with check (%s)', own);
end
$$;
create policy append_server on audit for insert to tocsin_server with check (true);

revoke execute on function ensure_audit_month, prepare_audit, await_leaf, audit_entry, turn_audit,
  audit_leaf_text, audit_join_head, audit_head, chain_audit, announce_prune, drop_pruned from public;
grant execute on function prepare_audit, chain_audit to tocsin_server;
grant execute on function audit_entry to tocsin_app, tocsin_server;
