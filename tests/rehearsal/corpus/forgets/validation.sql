-- The foreign key comes back unproven.
-- ruling: differs
-- finds: changed constraint items_order_id_fkey on items (validated), restored-otherwise by 024_free.sql:1
-- file: 024_free.sql
alter table items drop constraint items_order_id_fkey;
-- file: 024_rollback.sql
alter table items add constraint items_order_id_fkey foreign key (order_id) references orders (id) not valid;
