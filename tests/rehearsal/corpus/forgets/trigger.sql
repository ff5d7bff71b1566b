-- The trigger was switched off for the change, and stays off.
-- ruling: differs
-- finds: changed trigger orders_touch on orders (enabled), leaves by 024_bulk.sql:1
-- file: 024_bulk.sql
alter table orders disable trigger orders_touch;
-- file: 024_rollback.sql
update orders set remark = remark where false;
