-- What is given on tables yet to come is forgotten.
-- ruling: differs
-- finds: left privileges writer on default of postgres for tables in schema audit (granted), leaves by 024_future.sql:1
-- says: 024_rollback.sql leaves default privileges of writer (of postgres for tables in schema audit) changed (granted: none before, INSERT now; by 024_future.sql:1): change it back there.
-- file: 024_future.sql
alter default privileges in schema audit grant insert on tables to writer;
-- file: 024_rollback.sql
revoke insert on all tables in schema audit from writer;
