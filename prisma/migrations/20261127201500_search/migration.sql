-- What searches find objects by, beside the columns of version. Both tables are an index of the log: they are filled
-- after the fact (advance_search_index in prisma/definitions), so that posting pays nothing for them, and they
-- have rows of current versions only. tocsin_app has no right on them; search_ids looks into them for it.
create schema if not exists extensions;
create extension if not exists pg_trgm schema extensions;

-- The terms of an object (object_terms in prisma/definitions), each as the first 8 bytes of its SHA-256.
create table search_term (
  term bigint not null,
  version_id bigint not null,
  primary key (term, version_id)
);

-- Name, description, labels and pattern of an object, in lower case.
create table search_text (
  version_id bigint primary key,
  words text not null
);

-- Somebody may have created the extension before, in another schema.
do $$
begin
  execute format('create index search_text_words on search_text using gin (words %I.gin_trgm_ops)',
    (select extnamespace::regnamespace::name from pg_extension where extname = 'pg_trgm'));
end
$$;

-- Up to which place the log is indexed.
create table search_progress (
  single boolean primary key default true check (single),
  indexed_to bigint not null default 0
);
insert into search_progress default values;

-- On, so that no role sees a row; not forced on the owner, for whom the planner would then use no statistics of words.
alter table search_term enable row level security;
alter table search_text enable row level security;

comment on column search_term.version_id is 'No foreign key: deleted in the statements that delete the version.';
comment on column search_text.version_id is 'No foreign key: deleted in the statements that delete the version.';

-- Current versions in the order in which they were posted, with what row security and most filters look at, so
-- that a search reads the index alone until a version fits.
create index version_posted on version (realm_id, id)
  include (type, organisation_id, audience_id, tlp, revoked, confidence, modified, valid_until, accepted_at)
  where not superseded;

-- Between which ids lies what was posted at a time.
create index version_accepted on version (accepted_at, id);
