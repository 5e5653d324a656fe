-- From whose act the standing of a key or user stems (`key <id>` or `user <id>`, as the audit names
-- them): who invited, promoted, enabled or reset a user, or made a key. What the one does may be the
-- work of the other, so the two are one person where two are required. Only the operator removes this.
create table handed_to (
  actor text not null,
  maker text not null,
  primary key (actor, maker)
);
