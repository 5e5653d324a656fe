-- What a caller may do now, asked in the very transaction in which it writes: what it was let in by may
-- have been revoked since its request began. Of a key, of a session, or (both null) of an organisation
-- for which the operator acts. `chosen` are the communities, groups and organisations
-- that are shared with.
create function standing_of(key text, session uuid, organisation integer, realm smallint,
                            chosen integer[], out alive boolean, out ends_at timestamptz, out role text,
                            out networks text[], out cleared boolean, out ceiling smallint,
                            out default_tlp smallint, out default_community integer,
                            out identities text[], out usable boolean)
language sql stable security definer set search_path from current as $$
  select
    case
      when key is not null then k.id is not null and k.revoked_at is null
      when session is not null then s.id is not null and s.ended_at is null and u.status = 'active'
      else true
    end,
    coalesce(k.expires_at, s.expires_at), coalesce(k.role, u.role), coalesce(k.networks, '{}'),
    coalesce(u.red_clearance, false),
    (select max(a.tlp_ceiling)
      from agreement_in_force a join audience c on c.id = a.community_id
      where a.organisation_id = o.id and c.realm_id = r.id),
    o.default_tlp, coalesce(r.community_id, o.default_community_id),
    array(select i.stix_id from identity i where i.organisation_id = o.id order by 1),
    not exists (
      select from audience a
      where a.id = any(chosen) and a.kind in ('community', 'group')
        and a.id not in (select base_audiences(o.id, r.id)))
  from organisation o join realm r on r.id = realm
    left join api_key k on k.id = key
    left join user_session s on s.id = session
    left join user_account u on u.id = s.user_id
  where o.id = organisation
$$;

-- Charges what was stored and then asks for the standing, in one round trip. The two are statements of a
-- volatile function, so the second sees what was revoked while the first waited for its row.
create function charge_and_stand(key text, session uuid, organisation integer, realm smallint,
                                 chosen integer[], today date, added bigint, bytes_max bigint,
                                 out stored bigint, out alive boolean, out ends_at timestamptz,
                                 out role text, out networks text[], out cleared boolean,
                                 out ceiling smallint, out default_tlp smallint,
                                 out default_community integer, out identities text[],
                                 out usable boolean)
language plpgsql volatile security definer set search_path from current as $$
begin
  stored := charge_bytes(organisation, today, added, bytes_max);
  select s.* into alive, ends_at, role, networks, cleared, ceiling, default_tlp, default_community,
      identities, usable
    from standing_of(key, session, organisation, realm, chosen) as s;
end
$$;

grant execute on function standing_of to tocsin_app, tocsin_server;
grant execute on function charge_and_stand to tocsin_app;
