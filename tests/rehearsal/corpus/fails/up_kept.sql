-- It commits by itself, so half of it stands when it fails.
-- ruling: fails
-- fails: 024_halves.sql:5 (up) column "id" of relation "orders" already exists [column a of orders (stands)]
-- file: 024_halves.sql
begin;
alter table orders add column a integer;
commit;
begin;
alter table orders add column id integer;
commit;
-- file: 024_rollback.sql
alter table orders drop column a;
