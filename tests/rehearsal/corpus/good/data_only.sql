-- Rows only, and no difference in the catalogs: what was there is there again.
-- ruling: proven
-- file: 024_town.sql
alter table customers add column town_before varchar(40);
update customers set town_before = town, town = upper(town);
-- file: 024_rollback.sql
update customers set town = town_before;
alter table customers drop column town_before;
