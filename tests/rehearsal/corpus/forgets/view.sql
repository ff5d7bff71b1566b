-- One view is replaced by two others; only these are taken back.
-- ruling: differs
-- finds: lost view paid_orders, not-restored by 024_views.sql:1
-- file: 024_views.sql
drop view if exists paid_orders;
create view paid as select id, customer from orders where state <> 'new';
create view paid_days as select distinct day from orders where id in (select id from paid);
-- file: 024_rollback.sql
drop view paid_days;
drop view paid;
