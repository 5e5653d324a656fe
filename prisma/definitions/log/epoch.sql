-- Begins a new epoch; the caller's cursors, and everybody else's, end.
create function begin_log_epoch() returns uuid
language sql security definer set search_path from current as $$
  update log_epoch set id = gen_random_uuid(), begun_at = now() returning id
$$;

grant execute on function begin_log_epoch to tocsin_server;
