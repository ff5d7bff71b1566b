-- Text that is no number can't become one again.
-- ruling: only-empty
-- fails: 024_rollback.sql:1 (back, after rows were written, with rows) invalid input syntax for type integer
-- file: 024_positions.sql
alter table items alter column position type text;
-- file: 024_rollback.sql
alter table items alter column position type integer using position::integer;
