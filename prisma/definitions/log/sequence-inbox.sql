-- Moves committed inbox rows to the log, in the order of the inbox, stamping a gapless seq and a
-- strictly increasing date_added. One transaction at a time does it, whichever process asked.
-- Returns how many it moved and where the log now ends.
-- What time has changed is noted first; and when the inbox is not full, the next chunk of what is to
-- be told about membership follows. `moved` is 0 when there was nothing at all to do.
-- Noting needs the lock `writers`, which comes before `sequencer`. What falls due while this waits for
-- the sequencer is left, with everything else, to the next step.
create function sequence_inbox(batch_max integer, out moved integer, out head bigint)
language plpgsql security definer set search_path from current as $$
declare
  last_added timestamptz;
begin
  if is_standing_due() then
    perform take_lock('writers');
  end if;
  perform take_lock('sequencer');
  select seq, date_added into head, last_added from log order by seq desc limit 1;
  head := coalesce(head, 0);
  if is_standing_due() then
    if not holds_lock('writers') then
      moved := 0;
      return;
    end if;
    perform note_standing();
    perform pg_notify('tocsin_standing', '');
  end if;
  perform ensure_log_partition(head + 1);
  perform ensure_log_partition(head + batch_max);
  with taken as (
    delete from inbox where id in (select id from inbox order by id limit batch_max) returning *
  )
  insert into log
    select head + row_number() over (order by id), kind, version_id, stix_id, organisation_id,
      audience_id, tlp, realm_id,
      greatest(clock_now, last_added) + row_number() over (order by id) * interval '1 microsecond'
    from taken, (select clock_timestamp() as clock_now) as clock;
  get diagnostics moved = row_count;
  if moved > 0 then
    head := head + moved;
    perform pg_notify('tocsin_log', head::text);
  end if;
  perform switch_halves('inbox', 'inbox_turn', 4 * 1024 * 1024);
  if moved < batch_max then
    moved := moved + spread_announcement();
  end if;
end
$$;

-- Where the kept log begins (exclusive) and ends (inclusive): two numbers, no content, which the
-- readers need to bound a page; they never leave the server but sealed.
create function log_bounds(out floor bigint, out head bigint)
language sql stable security definer set search_path from current as $$
  select coalesce(min(seq) - 1, 0), coalesce(max(seq), 0) from log
$$;

-- How long the oldest committed inbox row has waited, in seconds.
create function inbox_lag() returns float8
language sql stable security definer set search_path from current as $$
  select coalesce((select extract(epoch from clock_timestamp() - queued_at)
                   from inbox order by id limit 1), 0)
$$;

grant execute on function sequence_inbox, log_bounds to tocsin_app, tocsin_server;
grant execute on function inbox_lag to tocsin_server;
