-- Needs: content/visibility

-- The ids of current versions that the viewer sees and that satisfy every group of terms and have every text in
-- their words: at most row_max of them after `after`, in order. Row security keeps LIKE from using an index,
-- so this function runs as the owner. It applies the very text of the policy on version (version_visible), and
-- gives nothing but ids; whoever asks reads the versions under row security. A test compares the two.
-- The rarest group comes first: what has its terms is looked through in order, and compared with the others.
create function search_ids(groups jsonb, texts text[], after bigint, newest boolean, row_max integer)
returns setof bigint
language plpgsql stable security definer set search_path from current
set enable_hashjoin = off set enable_mergejoin = off set enable_hashagg = off as $$
declare
  keys bigint[];
  number bigint;
  source text;
  conditions text := '';
  bound constant text := case when newest then 'version_id < $1' else 'version_id > $1' end;
  found_in constant text := (
    select string_agg(format('t.words like %L', containing(wanted)), ' and ') from unnest(texts) as wanted);
begin
  for keys, number in
    select g.keys, found.number
    from jsonb_array_elements(groups) as terms, lateral (
      select array(select distinct term_key(term) from texts_in(terms) as term) as keys) as g, lateral (
      select sum((select count(*) from (select from search_term s where s.term = key limit 1000) as some_rows)) as number
      from unnest(g.keys) as key) as found
    order by found.number nulls first
  loop
    if cardinality(keys) = 0 then
      return;
    elsif source is null and (cardinality(keys) = 1 or number < 1000) then
      source := format(
        'select distinct version_id from search_term where term = any(%L::bigint[]) and %s', keys, bound);
      source := case when cardinality(keys) > 1 then source
        else format('select version_id from search_term where term = %s and %s', keys[1], bound) end;
    else
      conditions := conditions || format(
        ' and exists (select from search_term s where s.term = any(%L::bigint[]) and s.version_id = v.id)', keys);
    end if;
  end loop;
  if source is null and found_in is not null and conditions = '' then
    source := format('select version_id from search_text t where %s and %s', found_in, bound);
  elsif found_in is not null then
    conditions := conditions || format(
      ' and exists (select from search_text t where t.version_id = v.id and %s)', found_in);
  end if;
  -- Of frequent alternatives, the order of versions finds enough soon.
  source := coalesce(source, format('select id as version_id from version where realm_id = %s and not superseded and %s',
    nullif(current_setting('tocsin.realm', true), '')::smallint, replace(bound, 'version_id', 'id')));
  return query execute format(
    'select v.id from (%s) as c join version_visible v on v.id = c.version_id
     where v.realm_id = nullif(current_setting(''tocsin.realm'', true), '''')::smallint
       and not v.superseded %s order by c.version_id %s limit $2',
    source, conditions, case when newest then 'desc' else 'asc' end)
    using after, row_max;
end
$$;

-- An id before all versions that were posted at a time or later. No transaction lasts longer than the margin.
create function id_before(moment timestamptz) returns bigint
language sql stable security definer set search_path from current as $$
  select coalesce((select v.id from version v where v.accepted_at < moment - interval '1 hour'
    order by v.accepted_at desc, v.id desc limit 1), 0)
$$;

-- An id after all versions that were posted at a time or earlier.
create function id_after(moment timestamptz) returns bigint
language sql stable security definer set search_path from current as $$
  select coalesce((select v.id from version v where v.accepted_at > moment + interval '1 hour'
    order by v.accepted_at, v.id limit 1), 9223372036854775807)
$$;

grant execute on function search_ids, id_before, id_after to tocsin_app;
