-- What one organisation may have of something at most.

-- Locks an organisation's row until the transaction ends, and then counts what it has of something: of
-- two requests that would both add the last one, the second counts what the first added. Updates of the
-- row wait, references to it do not. Runs as the owner, since neither role sees all that is counted.
create function count_locked(organisation integer, quota text) returns bigint
language plpgsql security definer set search_path from current as $$
begin
  perform from organisation o where o.id = organisation for no key update;
  -- A statement of its own, whose snapshot is taken when the lock is held.
  case quota
    when 'subscriptions' then
      return (select count(*) from subscription s where s.organisation_id = organisation);
  end case;
end
$$;
revoke execute on function count_locked from public;
grant execute on function count_locked to tocsin_app, tocsin_server;
