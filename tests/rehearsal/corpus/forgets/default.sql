-- A column gets another default.
-- ruling: differs
-- finds: changed column kind on orders (default), leaves by 024_shop.sql:2
-- says: 024_rollback.sql leaves column kind of orders changed (default: 'web'::character varying before, 'shop'::character varying now; by 024_shop.sql:2): change it back there.
-- file: 024_shop.sql
alter table orders add column shop text;
alter table orders alter column kind set default 'shop';
-- file: 024_rollback.sql
alter table orders drop column shop;
