-- What became optional was left out since; the way back needs it everywhere.
-- ruling: only-empty
-- fails: 024_rollback.sql:1 (back, after rows were written, with rows) column "customer" of relation "orders" contains null values
-- file: 024_anonymous.sql
alter table orders alter column customer drop not null;
-- file: 024_rollback.sql
alter table orders alter column customer set not null;
