-- Names were let in twice; the way back wants them once.
-- ruling: only-empty
-- fails: 024_rollback.sql:1 (back, after rows were written, with rows) could not create unique index "customers_name_key"
-- file: 024_namesakes.sql
alter table customers drop constraint customers_name_key;
-- file: 024_rollback.sql
alter table customers add constraint customers_name_key unique (name);
