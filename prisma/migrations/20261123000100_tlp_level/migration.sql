-- The rank of a TLP level, from CLEAR to RED. The functions tlp_clear() … tlp_red() name the ranks.
create domain tlp_level as smallint constraint tlp_level_rank check (value between 0 and 4);
