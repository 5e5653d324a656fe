-- Reading the log for several viewers in one statement: each is entered before its own part is
-- read, and the last one is left again. The function runs with its caller's rights, so row
-- security says what each reader gets, exactly as in a transaction that enters one viewer; a
-- worker with many subscriptions is spared four round trips for each.
create function read_log(readers json)
returns table (reader integer, seq bigint, kind text, stix_id text, content text,
               date_added timestamptz)
language plpgsql set search_path from current as $$
-- The names of the answer's columns are also those of the tables.
#variable_conflict use_column
declare
  r record;
begin
  for r in
    select * from rows from (json_to_recordset(readers) as (organisation integer, realm smallint,
      audiences text, ceiling smallint, self integer, after bigint, up_to bigint, row_max integer,
      types text[], labels text[], confidence_min smallint, producers integer[], creators text[])
    ) with ordinality
  loop
    perform set_config('tocsin.organisation', r.organisation::text, true),
      set_config('tocsin.realm', r.realm::text, true),
      set_config('tocsin.audiences', r.audiences, true),
      set_config('tocsin.ceiling', r.ceiling::text, true),
      set_config('tocsin.self', r.self::text, true);
    return query
      select r.ordinality::integer - 1, l.seq, l.kind, coalesce(v.stix_id, l.stix_id), v.content,
        l.date_added
      from log l left join version v on v.id = l.version_id
      where l.seq > r.after and l.seq <= r.up_to
        and case l.kind
          when 'put' then v.id is not null
            and (r.types is null or v.type = any(r.types))
            and (r.labels is null or v.labels && r.labels)
            and (r.confidence_min is null or v.confidence >= r.confidence_min)
            and (r.producers is null and r.creators is null
              or v.organisation_id = any(r.producers) or v.created_by_ref = any(r.creators))
          else not exists (
            select from version w where w.realm_id = l.realm_id and w.stix_id = l.stix_id)
          end
      order by l.seq limit r.row_max;
  end loop;
  perform set_config('tocsin.organisation', '', true), set_config('tocsin.realm', '', true),
    set_config('tocsin.audiences', '', true), set_config('tocsin.ceiling', '', true),
    set_config('tocsin.self', '', true);
end
$$;

revoke execute on function read_log from public;
grant execute on function read_log to tocsin_app;
