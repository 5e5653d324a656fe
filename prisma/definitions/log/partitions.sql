-- The log's table that holds `place`; made when it is first needed.
create function ensure_log_partition(place bigint) returns void
language plpgsql set search_path from current as $$
declare
  size constant bigint := 5000000;
  number constant bigint := place / size;
  name constant text := 'log_' || number;
begin
  if to_regclass(name) is null then
    execute format('create table %I (like log including defaults including constraints)', name);
    execute format('alter table log attach partition %I for values from (%s) to (%s)',
                   name, number * size, (number + 1) * size);
  end if;
end
$$;

select ensure_log_partition(1);
