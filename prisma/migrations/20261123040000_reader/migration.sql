-- Who reads the log takes its viewer in the snapshot that it reads in, and so as tocsin_app: an
-- audience that came to be between the two would hide rows that the cursor then moves past.
create function reader_of(organisation integer, realm smallint,
                          out ceiling smallint, out audiences integer[], out self integer)
language sql stable security definer set search_path from current as $$
  select * from viewer_of(organisation, realm)
$$;

revoke execute on function reader_of from public;
grant execute on function reader_of to tocsin_app;
