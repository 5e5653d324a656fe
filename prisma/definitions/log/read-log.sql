-- Reads the log as several viewers, one after another, in one statement and so in one snapshot.
-- Each viewer is taken in that very snapshot: an audience that came to be between the two would
-- hide rows that the cursor then moves past, and they would never come again. The function runs
-- with its caller's rights, so row security says what each reader gets, exactly as in a
-- transaction that enters one viewer; a worker with many subscriptions is spared four round trips
-- for each.

-- For each reader, at most row_max of the rows of (after, up_to] that its filter lets through, in order;
-- none after those by which their contents come to bytes_max.
-- Stable, so that its statements share the snapshot of the one that calls it.
create function read_log(readers json) returns table (
  reader integer, seq bigint, kind text, stix_id text, micros bigint, content text,
  tlp smallint, references_at integer, sharer text)
language plpgsql stable set search_path from current as $$
#variable_conflict use_column
declare
  r record;
begin
  for r in
    select * from json_to_recordset(readers) as (number integer, organisation integer,
      realm smallint, ceiling smallint, cleared boolean, after bigint, up_to bigint,
      current_to bigint, row_max integer, bytes_max integer, filter log_filter)
  loop
    perform enter_reader(r.organisation, r.realm, r.ceiling, r.cleared);
    return query
      select r.number, page.seq, page.kind, page.stix_id,
        (date_part('epoch', page.date_added) * 1000000)::bigint, page.content, page.tlp,
        page.references_at, page.sharer
      from (
        select s.*, coalesce(octet_length(s.content), 0) as bytes,
          sum(octet_length(s.content)) over (order by s.seq rows unbounded preceding) as bytes_so_far
        from log_served s
        where s.seq > r.after and s.seq <= r.up_to and case s.kind
          when 'put' then (s.seq > r.current_to or not s.superseded) and (r.filter is null
            or is_wanted(r.filter, s.type, s.labels, s.confidence, s.creator, s.content)
            or ends_match(r.filter, s.version_id, s.revoked, s.seq > r.current_to))
          else is_withdrawn(r.filter, s.realm_id, s.stix_id) end
        order by s.seq limit r.row_max
      ) as page
      where coalesce(page.bytes_so_far, 0) - page.bytes < r.bytes_max
      order by page.seq;
  end loop;
  perform leave_readers();
end
$$;

grant execute on function read_log to tocsin_app;
