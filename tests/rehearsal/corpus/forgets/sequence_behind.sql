-- The way back sets the numbers to the beginning, though some were given away.
-- ruling: differs
-- finds: changed sequence customers_id_seq (position), changes by 024_rollback.sql:2
-- naive: says it is the same
-- file: 024_restart.sql
alter table customers add column code text;
-- file: 024_rollback.sql
alter table customers drop column code;
alter sequence customers_id_seq restart with 1;
