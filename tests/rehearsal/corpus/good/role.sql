-- A role with its rights and membership, taken back whole. Roles belong to the whole server.
-- ruling: proven
-- file: 024_auditor.sql
create role auditor login connection limit 2;
grant reader to auditor;
grant usage on schema audit to auditor;
grant select on audit.events to auditor;
alter role auditor set statement_timeout = '5s';
-- file: 024_rollback.sql
drop owned by auditor;
drop role auditor;
