-- There is no way back; what it would have to do is told.
-- ruling: missing
-- finds: left column gift on orders, leaves by 024_gift.sql:1
-- finds: left index orders_gift on orders, leaves by 024_gift.sql:2
-- says: 024_gift.sql has no way back: write 024_rollback.sql. There are 2 changes of the schema to take back.
-- file: 024_gift.sql
alter table orders add column gift text;
create index orders_gift on orders (gift);
