-- What was in the column does not come back with it.
-- ruling: proven-but-for
-- loses: town of public.customers
-- says: After 024_rollback.sql, data of customers is lost: town is another in 3 of 4 rows.
-- file: 024_slim.sql
alter table customers drop column town;
-- file: 024_rollback.sql
alter table customers add column town varchar(40);
