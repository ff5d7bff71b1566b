-- Made optional, and it stays so.
-- ruling: differs
-- finds: changed column customer on orders (not null), leaves by 024_anonymous.sql:1
-- file: 024_anonymous.sql
alter table orders alter column customer drop not null;
-- file: 024_rollback.sql
select 1;
