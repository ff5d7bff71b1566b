-- Two migrations, each taken back by itself and both together.
-- ruling: proven
-- ruling: proven
-- file: 024_brands.sql
create table brands (id serial primary key, name text not null);
-- file: 024_rollback.sql
drop table brands;
-- file: 025_brand_of_item.sql
alter table items add column brand integer references brands;
-- file: 025_rollback.sql
alter table items drop column brand;
