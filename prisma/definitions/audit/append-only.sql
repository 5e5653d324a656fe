-- What the audit consists of is never changed.

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end
$$;

do $$
declare
  name text;
begin
  foreach name in array array['audit', 'audit_leaf', 'audit_node', 'audit_checkpoint', 'audit_origin'] loop
    execute format('create trigger append_only before update or delete on %I '
                   'for each row execute function refuse_change()', name);
    execute format('create trigger append_only_all before truncate on %I '
                   'execute function refuse_change()', name);
  end loop;
end
$$;
