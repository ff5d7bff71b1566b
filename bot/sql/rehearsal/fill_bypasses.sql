-- Whether row security does not bind this role anyway.
select rolsuper or rolbypassrls from pg_roles where rolname = current_user;
