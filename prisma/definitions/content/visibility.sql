-- Who sees which row of what is shared: docs/ARCHITECTURE.md, "Who sees what". viewer_of and
-- base_audiences (members/viewer-of), standing_now (members/standing) and sharing/reach.ts say the same
-- of organisations; test/store/standing.test.ts and test/indicators/preview.test.ts compare them.
--
-- The viewer is entered by set_config(…, true), so it ends with the transaction. A setting that
-- was never made, or that ended, reads as null or '', and then no row matches. The settings are
-- read in sub-selects so that PostgreSQL evaluates them once for a statement, not for each row.
-- `tocsin.audiences` lists what the viewer is in by itself: communities, groups and the organisation
-- alone. Of the unions there may be any number, so a row that is addressed to one is looked up by the
-- parts of that one; `offset 0` keeps the planner from gathering all unions at first.
-- Needs: tlp

do $$
declare
  reachable constant text := $policy$
    realm_id = (select nullif(current_setting('tocsin.realm', true), '')::smallint)
    and tlp <= (select nullif(current_setting('tocsin.ceiling', true), '')::smallint)
  $policy$;
  in_part constant text := $policy$
    part_id = any ((select nullif(current_setting('tocsin.audiences', true), '')::integer[])::integer[])
  $policy$;
  addressed constant text := $policy$
    (audience_id = any ((select nullif(current_setting('tocsin.audiences', true), '')::integer[])::integer[])
      or audience_id < 0 and exists (
        select from audience_part p where p.audience_id = %1$I.audience_id and p.$policy$ || in_part || $policy$
        offset 0))
  $policy$;
  own constant text := $policy$
    organisation_id = (select nullif(current_setting('tocsin.organisation', true), '')::integer)
  $policy$;
  own_realm constant text := $policy$
    and realm_id = (select nullif(current_setting('tocsin.realm', true), '')::smallint)
  $policy$;
  name text;
begin
  foreach name in array array['version', 'observable', 'link', 'inbox', 'log', 'audience_part', 'purged_witness'] loop
    execute format('create policy owner_all on %I to current_user using (true) with check (true)', name);
  end loop;

  foreach name in array array['version', 'observable', 'link'] loop
    -- What an organisation shared itself stays visible to it, whatever audience it is in now.
    execute format('create policy visible on %I for select to tocsin_app using (%s and (%s or %s))',
                   name, reachable, format(addressed, name), own);
    execute format('create policy share on %I for insert to tocsin_app with check (%s)', name, own || own_realm);
    execute format('create policy own on %I for update to tocsin_app using (%s) with check (%s)',
                   name, own || own_realm, own || own_realm);
  end loop;
  -- What was drawn out of a version goes when another replaces it.
  foreach name in array array['observable', 'link'] loop
    execute format('create policy drop_own on %I for delete to tocsin_app using (%s)', name, own || own_realm);
  end loop;
  -- What the policy says, for search_ids, which runs as the owner and looks through it alone.
  execute format('create view version_visible as select * from version where %s and (%s or %s)',
                 reachable, format(addressed, 'version'), own);
  -- Not so the log: what was put again for a newcomer alone is nobody else's to know.
  execute format('create policy visible on log for select to tocsin_app using (%s and %s)',
                 reachable, format(addressed, 'log'));
  execute format('create policy share on inbox for insert to tocsin_app with check (%s)', own || own_realm);
end
$$;

-- A withdrawal reaches the organisation that it is addressed to, whatever else that may see by now; a RED
-- one (withdrawal_level) only its people with clearance.
create policy told on log for select to tocsin_app using (
  kind = 'withdraw'
  and realm_id = (select nullif(current_setting('tocsin.realm', true), '')::smallint)
  and (audience_id = (select nullif(current_setting('tocsin.told', true), '')::integer)
    or audience_id < 0 and exists (
      select from audience_part p where p.audience_id = log.audience_id
        and p.part_id = (select nullif(current_setting('tocsin.told_with', true), '')::integer)
      offset 0))
  and (tlp < tlp_red() or (select nullif(current_setting('tocsin.cleared', true), '')::boolean))
);

-- A viewer sees of a union that it is a part of it itself.
create policy own on audience_part for select to tocsin_app using (
  part_id = any ((select nullif(current_setting('tocsin.audiences', true), '')::integer[])::integer[])
  or part_id = (select nullif(current_setting('tocsin.told_with', true), '')::integer)
);
create policy keep on audience_part to tocsin_server using (true) with check (true);

create policy own on purged_witness for select to tocsin_app using (
  organisation_id = (select nullif(current_setting('tocsin.organisation', true), '')::integer)
  and realm_id = (select nullif(current_setting('tocsin.realm', true), '')::smallint)
  and (not red or (select nullif(current_setting('tocsin.cleared', true), '')::boolean))
);

grant select, insert on version, observable, link to tocsin_app;
grant update (superseded, audience_id, tlp) on version to tocsin_app;
grant update (version_id, audience_id, tlp), delete on observable, link to tocsin_app;
grant insert on inbox to tocsin_app;
grant usage on sequence inbox_id_seq to tocsin_app;
grant select on inbox_turn, log, audience_part, purged_witness to tocsin_app;
grant select, insert, delete on audience_part to tocsin_server;
grant select on purged_object, log_epoch to tocsin_server;
