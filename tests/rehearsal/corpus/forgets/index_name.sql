-- The index comes back under another name, and the way forward drops it by name.
-- ruling: differs
-- finds: changed index orders_by_day on orders (name), restored-otherwise by 024_slim.sql:1
-- fails: 024_slim.sql:1 (up again) index "orders_by_day" does not exist
-- file: 024_slim.sql
drop index orders_by_day;
-- file: 024_rollback.sql
create index on orders (day desc) where amount > 0;
