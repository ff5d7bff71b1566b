-- The other one, for another argument, stays.
-- ruling: differs
-- finds: left function total(date), leaves by 024_total.sql:1
-- fails: 024_total.sql:1 (up again) function "total" already exists with same argument types
-- file: 024_total.sql
create function total(since date) returns numeric language sql as 'select sum(amount) from orders where day >= since';
create or replace procedure tidy() language sql as 'delete from orders where amount < 0';
-- file: 024_rollback.sql
drop procedure tidy();
