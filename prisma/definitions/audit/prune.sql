-- Retention takes two steps, so that the entry is signed before anything is gone. The first appends
-- the entry audit.prune, which names every month that was ever pruned with the count of its leaves
-- and a digest (SHA-256 of their hashes in order). It takes months that ended at or before `before`
-- and an hour ago, since a transaction takes time to commit, all of whose rows are under a signed
-- checkpoint. For the owner alone.
create function announce_prune(before timestamptz, actor text) returns void
language plpgsql set search_path from current as $$
declare
  signed constant bigint := (select coalesce(max(c.size), 0) from audit_checkpoint c);
  named jsonb := coalesce((select a.detail -> 'pruned' from audit a
                           where a.action = 'audit.prune' order by a.id desc limit 1), '[]');
  part record;
  loose bigint;
  added jsonb;
begin
  perform take_lock('audit');
  for part in select * from audit_month loop
    continue when (part.month + interval '1 month') at time zone 'UTC' > least(before, now() - interval '1 hour');
    execute format('lock table %I in exclusive mode', part.name);
    execute format('select count(*) from %I a left join audit_leaf l on l.audit_id = a.id '
                   'where l.position is null or l.position >= $1', part.name)
      into loose using signed;
    if loose > 0 then
      raise exception '% rows of % are not under a checkpoint yet', loose, part.name
        using errcode = 'object_not_in_prerequisite_state';
    end if;
    select jsonb_build_array(jsonb_build_object('month', to_char(part.month, 'YYYY-MM'),
        'rows', count(*),
        'digest', encode(sha256(coalesce(string_agg(hash, ''::bytea order by position), '')), 'hex')))
      into added from audit_leaf where month = part.month;
    named := named || case when named @> added then '[]' else added end;
  end loop;
  if exists (select from audit_month m
             where (m.month + interval '1 month') at time zone 'UTC' <= least(before, now() - interval '1 hour')) then
    insert into audit (actor, action, detail)
      values (actor, 'audit.prune', jsonb_build_object('before', before, 'pruned', named));
  end if;
end
$$;

-- The second step drops the partitions of the months that the newest audit.prune names, once that
-- is under a signed checkpoint. Returns the months. The leaves stay.
create function drop_pruned() returns setof date
language plpgsql set search_path from current as $$
declare
  signed constant bigint := (select coalesce(max(c.size), 0) from audit_checkpoint c);
  named constant jsonb := (
    select a.detail -> 'pruned' from audit a join audit_leaf l on l.audit_id = a.id
    where a.action = 'audit.prune' and l.position < signed order by l.position desc limit 1);
  part record;
begin
  perform take_lock('audit');
  for part in
    select m.* from audit_month m, jsonb_array_elements(named) as pruned
    where to_char(m.month, 'YYYY-MM') = pruned ->> 'month'
  loop
    execute format('drop table %I', part.name);
    return next part.month;
  end loop;
end
$$;
