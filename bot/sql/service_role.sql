-- Who we are in this database, and what that role may do beyond what a migration needs.
select role.rolname, role.rolsuper, role.rolbypassrls, current_setting('server_version')
from pg_roles as role
where role.rolname = current_user;
