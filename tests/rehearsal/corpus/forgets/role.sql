-- A role is left, and another one may log in from now on. They belong to the whole server.
-- naive: says it is the same
-- ruling: differs
-- finds: left role auditor, leaves by 024_roles.sql:1
-- finds: changed role keeper (attributes), leaves by 024_roles.sql:7
-- file: 024_roles.sql
do $$ begin
    if not exists (select from pg_roles where rolname = 'auditor') then
        create role auditor;
    end if;
end $$;
grant select on audit.events to auditor;
alter role keeper login;
-- file: 024_rollback.sql
revoke select on audit.events from auditor;
