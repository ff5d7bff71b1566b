-- The way back fails half-way, and half of it stands.
-- ruling: fails
-- fails: 024_rollback.sql:4 (back) column "c" of relation "customers" does not exist [column a of customers (is gone)]
-- says: 024_rollback.sql:4 failed (back): column "c" of relation "customers" does not exist. It is half done: column a of customers (is gone).
-- file: 024_two.sql
alter table customers add column a text, add column b text;
-- file: 024_rollback.sql
begin;
alter table customers drop column a;
commit;
alter table customers drop column c;
