-- A check that was widened is not made narrow again.
-- ruling: differs
-- finds: lost constraint orders_kind_check on orders, not-restored by 024_kinds.sql:1
-- file: 024_kinds.sql
alter table orders drop constraint if exists orders_kind_check;
-- file: 024_rollback.sql
select 1;
