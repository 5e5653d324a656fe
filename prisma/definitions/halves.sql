-- Queues in two tables that take turns: writers fill one half, and a reader empties both and truncates the
-- idle one, so that a snapshot that somebody holds cannot make the queue swell with dead rows. This function
-- truncates the idle half when it is empty but not small, and turns writers to it when the busy one has
-- grown. Truncation does not care for old snapshots, which is the point; a writer still in flight holds a
-- lock that makes it wait for another step. `state` is the table that says which half writers fill.
create function switch_halves(queue text, state text, grown_bytes bigint) returns void
language plpgsql set search_path from current as $$
declare
  busy smallint;
  idle_table text;
  left_over boolean;
begin
  execute format('select turn from %I', state) into busy;
  idle_table := queue || '_' || 1 - busy;
  if pg_relation_size(idle_table::regclass) > 0 then
    execute format('lock table %I in access exclusive mode nowait', idle_table);
    execute format('select exists (select from %I)', idle_table) into left_over;
    if not left_over then
      execute format('truncate %I', idle_table);
    end if;
  elsif pg_relation_size((queue || '_' || busy)::regclass) > grown_bytes then
    execute format('update %I set turn = %s', state, 1 - busy);
  end if;
exception when lock_not_available then null;
end
$$;
