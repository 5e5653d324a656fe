-- An organisation reads and appends its own entries as tocsin_app. The server reads all of them, for
-- administrators and for the proofs, and appends those that are about no organisation.
do $$
declare
  own constant text := $policy$
    organisation_id = (select nullif(current_setting('tocsin.organisation', true), '')::integer)
  $policy$;
  name text;
begin
  foreach name in array array['audit', 'audit_leaf'] loop
    execute format('create policy owner_all on %I to current_user using (true) with check (true)', name);
    execute format('create policy own on %I for select to tocsin_app using (%s)', name, own);
    execute format('create policy every on %I for select to tocsin_server using (true)', name);
  end loop;
  execute format('create policy append on audit for insert to tocsin_app with check (%s)', own);
end
$$;
create policy append_server on audit for insert to tocsin_server with check (true);

grant select, insert on audit to tocsin_app, tocsin_server;
grant usage on sequence audit_number to tocsin_app, tocsin_server;
grant select on sequence audit_number to tocsin_server;
grant select on audit_leaf to tocsin_app, tocsin_server;
grant select on audit_node, audit_origin, audit_pending, audit_turn to tocsin_server;
grant select, insert on audit_checkpoint to tocsin_server;
grant select, insert, update on disclosure to tocsin_server;
