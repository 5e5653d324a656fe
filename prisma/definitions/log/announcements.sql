-- Telling organisations what they gained and lost (members/standing), chunk by chunk.

-- Whether an object was shared before its announcement counts: of what came later there is nothing to
-- withdraw.
create function was_shared_before(job announcement, object text, sharer integer) returns boolean
language sql stable set search_path from current as $$
  select exists (
    select from version seen
    where seen.realm_id = job.realm_id and seen.stix_id = object
      and seen.organisation_id = sharer and seen.accepted_at < job.lost_at)
$$;

-- Puts the next chunk of what is to be told in the inbox. What was RED is withdrawn as RED. Returns 0
-- when nothing was left to tell.
create function spread_announcement() returns integer
language plpgsql set search_path from current as $$
declare
  chunk constant integer := 10000;
  job announcement;
  told integer;
begin
  select * into job from announcement order by id limit 1;
  if job.id is null then
    return 0;
  end if;
  insert into inbox (turn, kind, version_id, stix_id, organisation_id, audience_id, tlp, realm_id)
    select inbox_turn.turn, job.kind,
      case job.kind when 'put' then v.id end, case job.kind when 'withdraw' then v.stix_id end,
      v.organisation_id, self.id, case job.kind when 'put' then v.tlp else withdrawal_level(v.tlp) end,
      v.realm_id
    from version v, inbox_turn, audience self
    where v.id > job.next_id and v.id <= least(job.last_id, job.next_id + chunk)
      and not v.superseded and v.realm_id = job.realm_id
      and self.organisation_id = job.organisation_id and self.realm_id = job.realm_id
      and v.organisation_id <> job.organisation_id
      and v.tlp > job.tlp_above and v.tlp <= job.tlp_to
      and (v.audience_id = job.audience_id
        or v.audience_id < 0 and is_reached(v.audience_id, array[job.audience_id]))
      and (job.kind = 'put' or job.lost_at = 'infinity'
        or was_shared_before(job, v.stix_id, v.organisation_id))
    order by v.id;
  get diagnostics told = row_count;
  if job.next_id + chunk >= job.last_id then
    delete from announcement where id = job.id;
  else
    update announcement set next_id = job.next_id + chunk where id = job.id;
  end if;
  return greatest(told, 1);
end
$$;

-- Whoever lost a version is told before it is replaced, addressed anew or purged: afterwards what is to
-- be told could not be found any more.
create function tell_before_change() returns trigger
language plpgsql security definer set search_path from current as $$
begin
  insert into inbox (turn, kind, stix_id, organisation_id, audience_id, tlp, realm_id)
    select inbox_turn.turn, 'withdraw', v.stix_id, v.organisation_id, self.id,
      withdrawal_level(v.tlp), v.realm_id
    from announcement job
      join was v on v.id > job.next_id and v.id <= job.last_id and not v.superseded
        and v.realm_id = job.realm_id and (v.audience_id = job.audience_id
          or v.audience_id < 0 and is_reached(v.audience_id, array[job.audience_id]))
        and v.organisation_id <> job.organisation_id
        and v.tlp > job.tlp_above and v.tlp <= job.tlp_to
      join audience self
        on self.organisation_id = job.organisation_id and self.realm_id = job.realm_id,
      inbox_turn
    where job.kind = 'withdraw'
      and (job.lost_at = 'infinity' or was_shared_before(job, v.stix_id, v.organisation_id));
  return null;
end
$$;

create trigger tell_before_update after update on version
  referencing old table as was for each statement execute function tell_before_change();
create trigger tell_before_delete after delete on version
  referencing old table as was for each statement execute function tell_before_change();
