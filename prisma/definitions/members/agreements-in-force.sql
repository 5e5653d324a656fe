-- The agreements under which organisations take part at this moment.
create view agreement_in_force as
  select a.* from agreement a join organisation o on o.id = a.organisation_id
  where o.status = 'active' and a.approved_at is not null and a.ended_at is null
    and a.valid_from <= now() and (a.valid_until is null or a.valid_until > now());

grant select on agreement_in_force to tocsin_server;
