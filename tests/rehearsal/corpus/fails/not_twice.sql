-- The way back looks whole, but the way forward does not go a second time: rows of its own are still there.
-- ruling: fails
-- fails: 024_house.sql:1 (up again) duplicate key value violates unique constraint "customers_pkey"
-- notes: 024_rollback.sql leaves 1 row in customers that was not there.
-- file: 024_house.sql
insert into customers (id, name) values (0, 'The house');
-- file: 024_rollback.sql
select 1;
