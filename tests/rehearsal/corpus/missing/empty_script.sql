-- A way back that says nothing.
-- ruling: differs
-- finds: left view recent, leaves by 024_recent.sql:1
-- fails: 024_recent.sql:1 (up again) relation "recent" already exists
-- file: 024_recent.sql
create view recent as select * from orders where day > current_date - 7;
-- file: 024_rollback.sql
-- nothing to do
