-- The table's new name stays.
-- ruling: differs
-- finds: changed table items (name), leaves by 024_lines.sql:1
-- fails: 024_lines.sql:1 (up again) relation "items" does not exist
-- file: 024_lines.sql
alter table items rename to lines;
-- file: 024_rollback.sql
select 1;
