-- What a role may do on this server beyond its grants.
select rolsuper, rolbypassrls from pg_roles where rolname = %(role)s;
