-- How long the prefixes of the networks are that are listed in a realm at all, so that those around an address
-- are found by as many probes of an index. Goes from one length to the next in observable_network. It runs as the
-- owner: what a viewer may not see makes its look-ups no different, only a probe longer for everybody.
create function network_lengths(realm smallint) returns table (family integer, bits integer)
language sql stable security definer set search_path from current rows 16 as $$
  with recursive length as (
    select first.family, first.bits from (
      select family(o.address) as family, masklen(o.address) as bits from observable o
      where o.kind in ('ipv4-cidr', 'ipv6-cidr') and o.realm_id = realm
      order by family(o.address), masklen(o.address) limit 1) as first
    union all
    select next.family, next.bits from length, lateral (
      select family(o.address) as family, masklen(o.address) as bits from observable o
      where o.kind in ('ipv4-cidr', 'ipv6-cidr') and o.realm_id = realm
        and (family(o.address), masklen(o.address)) > (length.family, length.bits)
      order by family(o.address), masklen(o.address) limit 1) as next
  )
  select family, bits from length
$$;

grant execute on function network_lengths to tocsin_app;
