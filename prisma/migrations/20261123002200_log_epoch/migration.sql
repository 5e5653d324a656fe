-- Which life of the log cursors belong to. A database that is set back to an earlier state uses positions
-- again that cursors already name; a new epoch makes those cursors invalid, so that nobody reads on from
-- a position that meant something else.
create table log_epoch (
  single boolean primary key default true check (single),
  id uuid not null default gen_random_uuid(),
  begun_at timestamptz(6) not null default now()
);
insert into log_epoch default values;
