-- Which life of the log cursors belong to. A database that is set back to an earlier state uses positions
-- again that cursors already name; a new epoch makes those cursors invalid, so that nobody reads on from
-- a position that meant something else.
create table log_epoch (
  single boolean primary key default true check (single),
  id uuid not null default gen_random_uuid(),
  begun_at timestamptz(6) not null default now()
);
insert into log_epoch default values;

-- Begins a new epoch; the caller's cursors, and everybody else's, end.
create function begin_log_epoch() returns uuid
language sql security definer set search_path from current as $$
  update log_epoch set id = gen_random_uuid(), begun_at = now() returning id
$$;

revoke execute on function begin_log_epoch from public;
grant execute on function begin_log_epoch to tocsin_server;
grant select on log_epoch to tocsin_server;
