-- What searches and filters look at in an object, as terms: src/search/terms.ts asks for them.

-- The texts of a list; none where there is no list.
create function texts_in(list jsonb) returns setof text
language sql immutable as $$
  select element #>> '{}'
  from jsonb_array_elements(case jsonb_typeof(list) when 'array' then list else '[]' end) as element
  where jsonb_typeof(element) = 'string'
$$;

-- The elements of a list that are objects.
create function members_in(list jsonb) returns setof jsonb
language sql immutable as $$
  select element
  from jsonb_array_elements(case jsonb_typeof(list) when 'array' then list else '[]' end) as element
  where jsonb_typeof(element) = 'object'
$$;

-- ATT&CK techniques: of an external reference, or a label as Sigma and MISP write it.
create function techniques_in(object jsonb) returns setof text
language sql immutable as $$
  with written as (
    select reference ->> 'external_id' as id from members_in(object -> 'external_references') as reference
    where reference ->> 'source_name' like 'mitre%'
    union all
    select substring(label from '^(?:attack\.|mitre-attack:)?([Tt]\d{4}(?:\.\d{3})?)$')
    from texts_in(object -> 'labels') as label
  )
  select upper(id) from written where id ~* '^t\d{4}(\.\d{3})?$'
  union
  select upper(substring(id for 5)) from written where id ~* '^t\d{4}\.\d{3}$'
$$;

create function object_terms(type text, creator text, object jsonb) returns setof text
language sql immutable as $$
  select 'type:' || type where type <> 'indicator'
  union all select 'creator:' || creator
  union all select 'label:' || label from texts_in(object -> 'labels') as label
  union all select 'pattern_type:' || coalesce(object ->> 'pattern_type', 'stix') where type = 'indicator'
  union all select 'indicator_type:' || kind from texts_in(object -> 'indicator_types') as kind
  union all
  select 'phase:' || name
  from members_in(object -> 'kill_chain_phases') as phase,
    unnest(array[phase ->> 'phase_name', concat(phase ->> 'kill_chain_name', '/', phase ->> 'phase_name')]) as name
  union all select 'technique:' || id from techniques_in(object) as id
$$;

-- Nearly every indicator has it, so that an index would not help.
create function is_indexed_term(term text) returns boolean
language sql immutable as $$ select term <> 'pattern_type:stix' $$;

-- The first 8 bytes of SHA-256.
create function term_key(term text) returns bigint
language sql immutable as $$
  select ('x' || encode(substring(sha256(convert_to(term, 'UTF8')) for 8), 'hex'))::bit(64)::bigint
$$;

-- What a search for text looks at: of long texts, the beginning, since indexing them takes long.
create function object_words(object jsonb) returns text
language sql immutable as $$
  select lower(concat_ws(E'\n', left(object ->> 'name', 4000), left(object ->> 'description', 16000),
    left((select string_agg(label, E'\n') from texts_in(object -> 'labels') as label), 4000),
    left(object ->> 'pattern', 16000)))
$$;

-- LIKE's pattern for a text that is anywhere in another, in any case.
create function containing(text text) returns text
language sql immutable as $$
  select '%' || regexp_replace(lower(text), '([\\%_])', '\\\1', 'g') || '%'
$$;

grant execute on function texts_in, members_in, techniques_in, object_terms, object_words, containing
  to tocsin_app;
