-- The partitions of the audit, one for each month.
-- Needs: locks, audit/append-only

-- The partitions of the audit by month, the oldest first.
create view audit_month as
  select c.relname as name, to_date(c.relname, '"audit_"YYYY_MM') as month
  from pg_inherits i join pg_class c on c.oid = i.inhrelid
  where i.inhparent = 'audit'::regclass order by 2;

-- A row trigger is on every partition by itself; one that refuses a truncation is not.
create function guard_audit_month(name text) returns void
language plpgsql set search_path from current as $$
begin
  execute format('create trigger append_only_all before truncate on %I '
                 'execute function refuse_change()', name);
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
  perform guard_audit_month(name);
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

select guard_audit_month(name) from audit_month;
select prepare_audit();

grant execute on function prepare_audit to tocsin_server;
