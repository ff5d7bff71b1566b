-- One role is in another for good.
-- ruling: differs
-- finds: left membership keeper on role writer, leaves by 024_keepers.sql:1
-- naive: says it is the same
-- file: 024_keepers.sql
grant writer to keeper;
alter role keeper set work_mem = '8MB';
-- file: 024_rollback.sql
alter role keeper reset work_mem;
