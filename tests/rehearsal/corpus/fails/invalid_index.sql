-- A unique index that is built concurrently fails on double rows and is left, not valid.
-- ruling: only-empty
-- fails: 024_once.sql:2 (up, with rows) could not create unique index "customers_once" [index customers_once on customers (stands, not valid)]
-- file: 024_once.sql
-- outside-transactions
create unique index concurrently customers_once on customers (town);
-- file: 024_rollback.sql
-- outside-transactions
drop index concurrently customers_once;
