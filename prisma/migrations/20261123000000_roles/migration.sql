-- The owner (whoever runs this) keeps the schema. tocsin_app works on shared content and sees nothing
-- until a viewer is entered. tocsin_server does the bookkeeping that no viewer asked for (who holds a key,
-- leases, attempts) and has no right on shared content at all. prisma/definitions says what each may do.
-- Roles belong to the cluster, so another database may have made them already.
do $$
begin
  if not exists (select from pg_roles where rolname = 'tocsin_app') then
    begin
      create role tocsin_app nologin;
    exception when duplicate_object or unique_violation then null;
    end;
  end if;
  if not exists (select from pg_roles where rolname = 'tocsin_server') then
    begin
      create role tocsin_server nologin;
    exception when duplicate_object or unique_violation then null;
    end;
  end if;
  if not pg_has_role(current_user, 'tocsin_app', 'set') then
    execute format('grant tocsin_app to %I', current_user);
  end if;
  if not pg_has_role(current_user, 'tocsin_server', 'set') then
    execute format('grant tocsin_server to %I', current_user);
  end if;
  execute format('grant usage on schema %I to tocsin_app, tocsin_server', current_schema());
end
$$;
