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

create table audit_leaf (
  position bigint primary key,
  audit_id bigint not null unique,
  organisation_id integer,
  month date not null,
  hash bytea not null check (length(hash) = 32)
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
  note text not null,
  signed_at timestamptz(6) not null default now()
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
  seen_at timestamptz(6) not null default now(),
  noted_place bigint not null default 0,
  noted_objects bigint not null default 0,
  noted_at timestamptz(6) not null default '-infinity',
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
  )
  insert into audit_leaf
    select old_size + row_number() over (order by taken.audit_id) - 1, taken.audit_id,
      entry.organisation_id, date_trunc('month', taken.at at time zone 'UTC')::date,
      case when entry.id is not null
        then sha256('\x00'::bytea || convert_to(audit_entry(entry), 'UTF8')) end
    from taken left join audit entry on entry.id = taken.audit_id and entry.at = taken.at;
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

-- Drops the partitions of the months that end at or before `before`, of which every row is under a
-- signed checkpoint. The leaf hashes stay, and the audit says itself which rows are gone: a row
-- audit.prune with the count and digest (SHA-256 of the leaf hashes in order) of every month that
-- was ever dropped. Returns the months dropped now. For the owner alone.
create function prune_audit(before timestamptz, actor text) returns setof date
language plpgsql set search_path from current as $$
declare
  signed constant bigint := (select coalesce(max(c.size), 0) from audit_checkpoint c);
  gone jsonb := coalesce((select a.detail -> 'pruned' from audit a
                          where a.action = 'audit.prune' order by a.id desc limit 1), '[]');
  dropped date[] := '{}';
  part record;
  loose bigint;
begin
  perform take_lock('audit');
  for part in
    select c.relname as name, to_date(c.relname, '"audit_"YYYY_MM') as month
    from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'audit'::regclass order by 2
  loop
    continue when (part.month + interval '1 month') at time zone 'UTC' > least(before, now());
    execute format('select count(*) from %I a left join audit_leaf l on l.audit_id = a.id '
                   'where l.position is null or l.position >= $1', part.name)
      into loose using signed;
    if loose > 0 then
      raise exception '% rows of % are not under a checkpoint yet', loose, part.name
        using errcode = 'object_not_in_prerequisite_state';
    end if;
    gone := gone || coalesce((
      select jsonb_build_array(jsonb_build_object('month', to_char(part.month, 'YYYY-MM'),
        'rows', count(*),
        'digest', encode(sha256(string_agg(hash, ''::bytea order by position)), 'hex')))
      from audit_leaf where month = part.month having count(*) > 0), '[]');
    execute format('drop table %I', part.name);
    dropped := dropped || part.month;
  end loop;
  if dropped <> '{}' then
    insert into audit (actor, action, detail)
      values (actor, 'audit.prune', jsonb_build_object('before', before, 'pruned', gone));
  end if;
  return query select unnest(dropped);
end
$$;

-- Rights -------------------------------------------------------------------------------------------

grant select, insert on audit to tocsin_app, tocsin_server;
grant usage on sequence audit_number to tocsin_app, tocsin_server;
grant select on audit_leaf to tocsin_app, tocsin_server;
grant select on audit_node, audit_origin, audit_pending to tocsin_server;
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
  chain_audit, prune_audit from public;
grant execute on function prepare_audit, chain_audit to tocsin_server;
grant execute on function audit_entry to tocsin_app, tocsin_server;
