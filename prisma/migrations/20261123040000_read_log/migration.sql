-- Reads the log as several viewers, one after another, in one statement and so in one snapshot.
-- Each viewer is taken in that very snapshot: an audience that came to be between the two would
-- hide rows that the cursor then moves past, and they would never come again. The function runs
-- with its caller's rights, so row security says what each reader gets, exactly as in a
-- transaction that enters one viewer; a worker with many subscriptions is spared four round trips
-- for each.

-- Who an organisation is as a reader, for tocsin_app, which has no right on memberships; and `told`: the
-- audiences to which what an organisation has lost is addressed. That is itself. Where it sees nothing
-- now, and for who has clearance but whose organisation may not see RED any more, also those in which
-- it stands together with others.
create function reader_of(organisation integer, realm smallint, cleared boolean,
                          out ceiling smallint, out audiences integer[], out told integer[])
language sql stable security definer set search_path from current as $$
  select viewer.ceiling, viewer.audiences,
    case when viewer.ceiling is null or (cleared and viewer.ceiling < 4)
      then array(
        select viewer.self union select p.audience_id from audience_part p where p.part_id = viewer.self)
      else array[viewer.self] end
  from viewer_of(organisation, realm) as viewer
$$;

-- One text for each reader, since a result is taken apart value by value, which costs more than
-- reading the log does: a row a line, its fields parted by tabs (contents are JSON without either),
-- and of a bare reading the places alone, parted by blanks. Null when there is nothing.
-- Stable, so that its statements share the snapshot of the one that calls it.
create function read_log(readers json) returns table (reader integer, lines text)
language plpgsql stable set search_path from current as $$
declare
  r record;
begin
  for r in
    select * from rows from (json_to_recordset(readers) as (organisation integer, realm smallint,
      ceiling smallint, cleared boolean, after bigint, up_to bigint, row_max integer, bare boolean,
      types text[], labels text[], confidence_min smallint, producers integer[], creators text[])
    ) with ordinality
  loop
    -- A key or a door may see less than its organisation, never more.
    perform set_config('tocsin.organisation', r.organisation::text, true),
      set_config('tocsin.realm', r.realm::text, true),
      set_config('tocsin.audiences', present.audiences::text, true),
      set_config('tocsin.ceiling', least(coalesce(present.ceiling, -1), r.ceiling)::text, true),
      set_config('tocsin.cleared', r.cleared::text, true),
      set_config('tocsin.told', present.told::text, true)
    from reader_of(r.organisation, r.realm, r.cleared) as present;
    return query
      select r.ordinality::integer - 1,
        string_agg(case when r.bare then page.seq::text else concat_ws(E'\t', page.seq, page.kind,
          page.stix_id, (date_part('epoch', page.date_added) * 1000000)::bigint, page.content) end,
          case when r.bare then ' ' else E'\n' end order by page.seq)
      from (
        select l.seq, l.kind, coalesce(v.stix_id, l.stix_id) as stix_id, v.content, l.date_added
        from log l left join version v on v.id = l.version_id
        where l.seq > r.after and l.seq <= r.up_to
          and case l.kind
            when 'put' then v.id is not null
              -- Whoever joins what an older version went to has not seen it replaced.
              and (not v.superseded or exists (
                select from version c where c.realm_id = v.realm_id and c.stix_id = v.stix_id
                  and c.organisation_id = v.organisation_id and not c.superseded))
              and (r.types is null or v.type = any(r.types))
              and (r.labels is null or v.labels && r.labels)
              and (r.confidence_min is null or v.confidence >= r.confidence_min)
              and (r.producers is null and r.creators is null
                or v.organisation_id = any(r.producers) or v.created_by_ref = any(r.creators))
            else not exists (
              select from version w where w.realm_id = l.realm_id and w.stix_id = l.stix_id
                and not w.superseded)
            end
        order by l.seq limit r.row_max
      ) as page;
  end loop;
  perform set_config('tocsin.organisation', '', true), set_config('tocsin.realm', '', true),
    set_config('tocsin.audiences', '', true), set_config('tocsin.ceiling', '', true),
    set_config('tocsin.cleared', '', true), set_config('tocsin.told', '', true);
end
$$;

revoke execute on function reader_of, read_log from public;
grant execute on function reader_of, read_log to tocsin_app;
