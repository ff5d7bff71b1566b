-- What was in the column does not come back with it.
-- ruling: proven
-- loses: town of public.customers
-- file: 024_slim.sql
alter table customers drop column town;
-- file: 024_rollback.sql
alter table customers add column town varchar(40);
