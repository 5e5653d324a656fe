-- Subscriptions and what became of their deliveries: an organisation works on its own as tocsin_app; the
-- workers lease all of them, and record what they did, as tocsin_server.
do $$
declare
  own constant text := $policy$
    organisation_id = (select nullif(current_setting('tocsin.organisation', true), '')::integer)
  $policy$;
  own_realm constant text := $policy$
    and realm_id = (select nullif(current_setting('tocsin.realm', true), '')::smallint)
  $policy$;
  name text;
begin
  foreach name in array array['subscription', 'attempt', 'dead_letter'] loop
    execute format('create policy owner_all on %I to current_user using (true) with check (true)', name);
  end loop;
  execute format('create policy own on subscription to tocsin_app using (%s) with check (%s)',
                 own || own_realm, own || own_realm);
  execute format('create policy own on attempt to tocsin_app using (%s) with check (%s)', own, own);
  execute format('create policy own on dead_letter for select to tocsin_app using (%s)', own);
end
$$;
create policy lease on subscription to tocsin_server using (true) with check (true);
create policy record on attempt to tocsin_server using (true) with check (true);
create policy record on dead_letter to tocsin_server using (true) with check (true);

grant select, insert, update, delete on subscription to tocsin_app;
grant select, insert on attempt to tocsin_app;
grant select on dead_letter to tocsin_app;
grant select, update on subscription to tocsin_server;
grant select, insert on attempt, dead_letter to tocsin_server;
grant select, insert, update, delete on worker to tocsin_server;
