-- The scripts begin and commit by themselves.
-- ruling: proven
-- file: 024_vip.sql
begin;
alter table customers add column vip boolean;
commit;
begin;
alter table customers alter column vip set default false;
create table perks (customer integer references customers, perk text);
commit;
-- file: 024_rollback.sql
begin;
drop table perks;
alter table customers drop column vip;
commit;
