-- A new column that must not be empty, without a default: it needs an empty table.
-- ruling: only-empty
-- fails: 024_code.sql:1 (up, with rows) column "code" of relation "customers" contains null values
-- file: 024_code.sql
alter table customers add column code text not null;
-- file: 024_rollback.sql
alter table customers drop column code;
