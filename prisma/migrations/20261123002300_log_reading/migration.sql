-- What the functions that read the log take and return.

-- What a reader wants of the objects that are put; null means any.
-- `terms` are groups of terms (object_terms), each of which an object has to satisfy.
create type log_filter as (types text[], labels text[], confidence_min smallint, creators text[],
  confidence_max smallint, terms jsonb);

-- Places of the log whose rows are served to the same viewers.
create type log_class as (sample bigint, places bigint[]);
