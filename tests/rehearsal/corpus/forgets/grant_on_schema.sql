-- The new role's way into the schema stays open.
-- ruling: differs
-- finds: left privileges keeper on schema audit (granted), leaves by 024_keeper.sql:1
-- file: 024_keeper.sql
grant usage on schema audit to keeper;
grant select on audit.events to keeper;
-- file: 024_rollback.sql
revoke select on audit.events from keeper;
