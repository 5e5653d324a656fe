-- Fills search_term and search_text from the log, after the fact.

-- Deletes what was indexed of these versions. Runs before they are deleted, since it reads them, and waits for
-- whoever is indexing, so that nothing of them is indexed afterwards.
create function drop_search_rows(versions bigint[]) returns void
language plpgsql security definer set search_path from current as $$
begin
  perform from search_progress for update;
  delete from search_term s
    using (
      select v.id, term_key(term) as key
      from version v, object_terms(v.type, v.created_by_ref, v.content::jsonb) as term
      where v.id = any(versions)) as drawn
    where s.term = drawn.key and s.version_id = drawn.id;
  delete from search_text t where t.version_id = any(versions);
end
$$;

-- Indexes those of these versions that are current, in place of the older ones of the same objects.
create function index_versions(versions bigint[]) returns void
language plpgsql security definer set search_path from current as $$
begin
  perform drop_search_rows(array(
    select distinct older.id
    from version v join version older on older.realm_id = v.realm_id and older.stix_id = v.stix_id
      and older.organisation_id = v.organisation_id and older.superseded
      join search_text t on t.version_id = older.id
    where v.id = any(versions)));
  insert into search_term (term, version_id)
    select distinct term_key(term), v.id
    from version v, object_terms(v.type, v.created_by_ref, v.content::jsonb) as term
    where v.id = any(versions) and not v.superseded and is_indexed_term(term)
    on conflict do nothing;
  insert into search_text (version_id, words)
    select v.id, object_words(v.content::jsonb) from version v
    where v.id = any(versions) and not v.superseded
    on conflict do nothing;
end
$$;

-- Indexes what the log has after the place up to which it was indexed, at most row_max rows, and
-- what writers have committed that is not in the log yet. Returns how many rows of the log are still to be
-- indexed. Calls wait for one another.
create function advance_search_index(row_max integer) returns bigint
language plpgsql security definer set search_path from current as $$
declare
  begun bigint;
  ended bigint;
  head bigint;
begin
  select p.indexed_to into begun from search_progress p;
  head := (select coalesce(max(l.seq), 0) from log l);
  if begun >= head and not exists (select from inbox i where i.kind = 'put') then
    return 0;
  end if;
  select p.indexed_to into begun from search_progress p for update;
  ended := greatest(begun, least(head, begun + row_max));
  perform index_versions(array(
    select l.version_id from log l where l.seq > begun and l.seq <= ended and l.kind = 'put'
    union
    select i.version_id from inbox i where i.kind = 'put' limit row_max));
  if ended > begun then
    update search_progress set indexed_to = ended;
  end if;
  return greatest(head - ended, 0);
end
$$;

grant execute on function advance_search_index to tocsin_server;
