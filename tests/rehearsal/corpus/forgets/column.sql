-- Two columns came, one goes.
-- ruling: differs
-- finds: left column last_name on customers, leaves by 024_names.sql:1
-- file: 024_names.sql
alter table customers
    add column if not exists first_name text,
    add column if not exists last_name text;
-- file: 024_rollback.sql
alter table customers drop column first_name;
