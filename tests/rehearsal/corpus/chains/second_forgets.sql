-- The second one forgets what it made of the first one's table.
-- ruling: proven
-- ruling: differs
-- finds: left index brands_by_name on brands, leaves by 025_brand_names.sql:1
-- file: 024_brands.sql
create table brands (id serial primary key, name text not null);
-- file: 024_rollback.sql
drop table brands;
-- file: 025_brand_names.sql
create index if not exists brands_by_name on brands (name);
-- file: 025_rollback.sql
select 1;
