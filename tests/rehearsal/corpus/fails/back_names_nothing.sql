-- The way back drops an index by a name that it does not have.
-- ruling: fails
-- fails: 024_rollback.sql:2 (back) index "customers_by_town" does not exist
-- file: 024_town.sql
create index on customers (town);
-- file: 024_rollback.sql
-- made by hand
drop index customers_by_town;
