-- The check comes back with other values than it had.
-- ruling: differs
-- finds: changed constraint orders_kind_check on orders (definition), leaves by 024_kinds.sql:2
-- file: 024_kinds.sql
alter table orders drop constraint orders_kind_check;
alter table orders add constraint orders_kind_check check (kind in ('web', 'shop', 'phone'));
-- file: 024_rollback.sql
select 1;
