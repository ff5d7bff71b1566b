-- An index that was in the way is not made again.
-- ruling: differs
-- finds: lost index orders_by_day on orders, not-restored by 024_slim.sql:1
-- says: 024_rollback.sql does not bring back index orders_by_day on orders (dropped by 024_slim.sql:1): make it again there.
-- file: 024_slim.sql
drop index if exists orders_by_day;
-- file: 024_rollback.sql
select 1;
