-- The locks on rows stay open.
-- ruling: differs
-- finds: changed table orders (row level security), leaves by 024_open.sql:1
-- file: 024_open.sql
alter table orders disable row level security;
-- file: 024_rollback.sql
select 1;
