-- What administrators keep of members: who they are and how they are reached, the agreements with
-- their approvals, communities within communities, the owners of sharing groups, where a key may
-- be used from.

alter table organisation add column country text check (country ~ '^[A-Z]{2}$');

create table contact (
  organisation_id integer not null references organisation,
  place smallint not null,
  role text not null check (role in ('national_authority', 'duty_24_7', 'technical', 'management',
                                     'legal')),
  name text not null,
  email text not null default '',
  phone text not null default '',
  pgp_key text not null default '',
  smime_certificate text not null default '',
  hours text not null default '',
  shown boolean not null default false,
  primary key (organisation_id, place)
);

-- Agreements -------------------------------------------------------------------------------------

alter table agreement
  add column reference text not null default '',
  add column kind text not null default 'mou'
    check (kind in ('mou', 'technical_arrangement', 'partnership')),
  add column documents jsonb not null default '[]',
  add column created_at timestamptz(6) not null default now(),
  -- Null while approvals are wanting: it has no effect before.
  add column approved_at timestamptz(6) default now(),
  add column ended_at timestamptz(6),
  add column replaces_id integer references agreement;
create index on agreement (replaces_id);

-- One approval by each line of keys: a key and what it was rotated into are one.
create table agreement_approval (
  agreement_id integer not null references agreement,
  key_line text not null,
  key_id text not null references api_key,
  approved_at timestamptz(6) not null default now(),
  primary key (agreement_id, key_line)
);

create view agreement_in_force as
  select a.* from agreement a join organisation o on o.id = a.organisation_id
  where o.status = 'active' and a.approved_at is not null and a.ended_at is null
    and a.valid_from <= now() and (a.valid_until is null or a.valid_until > now());

-- Communities and groups -------------------------------------------------------------------------

-- Who is in the inner community is in the outer one.
create table community_within (
  inner_id integer not null references audience,
  outer_id integer not null references audience,
  primary key (inner_id, outer_id),
  check (inner_id <> outer_id)
);
create index on community_within (outer_id);

alter table audience
  add column description text not null default '',
  add column open boolean not null default false,
  add column hidden_members boolean not null default false;

create table audience_owner (
  audience_id integer not null references audience,
  organisation_id integer not null references organisation,
  primary key (audience_id, organisation_id)
);
create index on audience_owner (organisation_id);

-- What an organisation may see ---------------------------------------------------------------------

-- These two are asked for every reader of every page: in a language that keeps their plans, and by
-- keys alone, whatever the planner makes of tables that are still small.

-- The communities and groups that an organisation is in now, the communities around those that an
-- agreement names, and itself; no unions.
create function base_audiences(organisation integer, realm smallint) returns setof integer
language plpgsql stable set search_path from current as $$
begin
  return query
    with recursive community as (
      select a.community_id as id from agreement_in_force a
      where a.organisation_id = organisation
        and (select c.realm_id from audience c where c.id = a.community_id) = realm
      union
      select w.outer_id from community join community_within w on w.inner_id = community.id
    )
    select id from community
    union
    select m.audience_id from audience_member m
    where m.organisation_id = organisation
      and (select g.realm_id from audience g where g.id = m.audience_id) = realm
    union
    select s.id from audience s where s.organisation_id = organisation and s.realm_id = realm;
end
$$;

-- What it is in, unions aside, and the highest ceiling of its valid agreements. Without a valid
-- agreement, or unless it is active, nothing (ceiling null). `self`: the audience that is the
-- organisation alone, which it has even while it may see nothing, so that withdrawals still reach it.
-- Whether it is in a union is asked of that one (see the policies), however many there are.
create function viewer_of(organisation integer, realm smallint,
                          out ceiling smallint, out audiences integer[], out self integer)
language plpgsql stable set search_path from current as $$
begin
  ceiling := (
    select max(a.tlp_ceiling) from agreement_in_force a
    where a.organisation_id = organisation
      and (select c.realm_id from audience c where c.id = a.community_id) = realm);
  audiences := '{}';
  if ceiling is not null then
    audiences := array(select base_audiences(organisation, realm));
  end if;
  self := (select s.id from audience s where s.organisation_id = organisation and s.realm_id = realm);
end
$$;

revoke execute on function base_audiences, viewer_of from public;
grant execute on function base_audiences, viewer_of to tocsin_server;

-- Keys -------------------------------------------------------------------------------------------

alter table api_key
  -- CIDRs from which it may be used; none means from anywhere.
  add column networks text[] not null default '{}',
  -- The first key of those that were rotated one into the other; null for that one itself.
  add column first_id text references api_key;

grant select, insert, delete on contact, audience_owner to tocsin_server;
grant select, insert on agreement_approval, community_within to tocsin_server;
grant select on agreement_in_force to tocsin_server;
grant delete on identity to tocsin_server;
