-- The ranks of the TLP levels by name: the only place in SQL that knows the numbers. They are inlined,
-- so a plan has constants. src/stix/marking/tlp.ts has the same ranks, and a test compares the two.

create function tlp_clear() returns smallint language sql immutable parallel safe as 'select 0::smallint';
create function tlp_green() returns smallint language sql immutable parallel safe as 'select 1::smallint';
create function tlp_amber() returns smallint language sql immutable parallel safe as 'select 2::smallint';
create function tlp_amber_strict() returns smallint
language sql immutable parallel safe as 'select 3::smallint';
create function tlp_red() returns smallint language sql immutable parallel safe as 'select 4::smallint';

-- TLP:RED is for people with clearance, and so is the fact that such an object is gone: the withdrawal of
-- a RED object is RED, and any other one is CLEAR.
create function withdrawal_level(of smallint) returns smallint language sql immutable parallel safe as $$
  select case when of = tlp_red() then tlp_red() else tlp_clear() end
$$;

grant execute on function tlp_clear, tlp_green, tlp_amber, tlp_amber_strict, tlp_red, withdrawal_level
  to tocsin_app, tocsin_server;
