-- What the planner was told, a publication, and a rule.
-- ruling: differs
-- finds: left publication shop, leaves by 024_planner.sql:2
-- finds: left rule keep on items, leaves by 024_planner.sql:3
-- finds: left statistics orders_kinds on orders, leaves by 024_planner.sql:1
-- fails: 024_planner.sql:1 (up again) statistics object "orders_kinds" already exists
-- file: 024_planner.sql
create statistics orders_kinds on kind, state from orders;
create publication shop for table orders, customers;
create rule keep as on delete to items do instead nothing;
-- file: 024_rollback.sql
alter publication shop drop table customers;
