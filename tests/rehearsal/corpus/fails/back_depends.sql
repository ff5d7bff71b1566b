-- A column can't go while a view of the same migration shows it.
-- ruling: fails
-- fails: 024_rollback.sql:1 (back) cannot drop column gift of table orders because other objects depend on it
-- file: 024_gift.sql
alter table orders add column gift boolean;
create view gifts as select id from orders where gift;
-- file: 024_rollback.sql
alter table orders drop column gift;
drop view gifts;
