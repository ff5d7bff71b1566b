-- Roles that are here, and whether the connected one can own things in their name.
select rolname, pg_has_role(current_user, oid, 'usage') from pg_roles;
